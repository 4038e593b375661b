//! Java, with Debian's grpc-java and with the JDK alone: PKCS#12 stores in place of PEM.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{
    program::{contract, is_there, lines_of, output_of, top, works, workshop},
    python::{GOOGLE, python},
    scene::Scene,
    story,
};

/// Where Debian puts them.
const JARS: &str = "/usr/share/java";
const LIBRARIES: [&str; 22] = [
    "geronimo-annotation-1.3-spec",
    "grpc-api",
    "grpc-context",
    "grpc-core",
    "grpc-netty",
    "grpc-protobuf",
    "grpc-protobuf-lite",
    "grpc-stub",
    "guava",
    "netty-buffer",
    "netty-codec",
    "netty-codec-http",
    "netty-codec-http2",
    "netty-common",
    "netty-handler",
    "netty-resolver",
    "netty-tcnative",
    "netty-transport",
    "perfmark-api",
    "proto-google-common-protos",
    "protobuf",
    "protobuf-util",
];

/// Debian's Netty leaves out ALPN by the JDK, and looks for its binding of OpenSSL under another name than Debian's.
const TLS_LIBRARY: (&str, &str) = ("jni/libnetty-tcnative.so", "libnetty_tcnative.so");

fn jar(library: &str) -> String {
    format!("{JARS}/{library}.jar")
}

fn tls_library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    folders.map(|folder| folder.path().join(TLS_LIBRARY.0)).find(|path| path.exists())
}

fn class_path(classes: &Path) -> String {
    let jars = LIBRARIES.into_iter().map(jar);
    std::iter::once(classes.to_str().unwrap().to_owned()).chain(jars).collect::<Vec<_>>().join(":")
}

fn all_is_there() -> bool {
    is_there("a JDK", works("javac", &["-version"]))
        && is_there("protoc", works("protoc", &["--version"]))
        && is_there("grpc-java's plugin of protoc", Path::new("/usr/bin/grpc_java_plugin").exists())
        && is_there("googleapis-common-protos", works(&python(), &["-c", GOOGLE]))
        && is_there("netty-tcnative's library", tls_library().is_some())
        && LIBRARIES.iter().all(|library| is_there(library, Path::new(&jar(library)).exists()))
}

fn generate(sources: &Path) {
    let out = format!("--java_out={}", sources.display());
    let stubs = [
        "--plugin=protoc-gen-grpc-java=/usr/bin/grpc_java_plugin".to_owned(),
        format!("--grpc-java_out={}", sources.display()),
    ];
    let proto = top().join("proto");
    output_of(Command::new("protoc").arg(&out).args(stubs).args(contract()).current_dir(proto), "");
    // Debian's Java library of them is older than `ErrorInfo`.
    let google = output_of(Command::new(python()).args(["-c", GOOGLE]), "");
    let include = format!("-I{}", google.trim());
    output_of(Command::new("protoc").args([&include, &out, "google/rpc/error_details.proto"]), "");
}

fn compile(sources: &Path, classes: &Path) {
    let program = top().join("tests/clients/java");
    let main = program.join("org/unefois/example/Main.java");
    let path = format!("{}:{}", program.display(), sources.display());
    let mut compiler = Command::new("javac");
    compiler.args(["-nowarn", "-proc:none", "-implicit:class", "-encoding", "UTF-8", "-sourcepath", &path]);
    output_of(compiler.args(["-classpath", &class_path(classes), "-d"]).arg(classes).arg(main), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_java_program_exchanges_is_refused_with_details_and_hashes_what_it_received() {
    if !all_is_there() {
        return;
    }
    let workshop = workshop();
    let [sources, classes] = ["sources", "classes"].map(|name| workshop.path().join(name));
    for folder in [&sources, &classes] {
        std::fs::create_dir(folder).unwrap();
    }
    generate(&sources);
    compile(&sources, &classes);
    std::fs::copy(tls_library().unwrap(), workshop.path().join(TLS_LIBRARY.1)).unwrap();
    let scene = Scene::set(102).await;

    let mut program = Command::new("java");
    program.arg(format!("-Djava.library.path={}", workshop.path().display()));
    program.args(["-classpath", &class_path(&classes), "org.unefois.example.Main"]);
    let told = lines_of(program.args([scene.address(), scene.pki()]), &scene.lines());

    story::is_told_and_recorded(&scene, &told).await;
    let serving = "00000000020801";
    let due = json!({"step": "own-tls", "http": "HTTP_2", "tls": "TLSv1.3", "message": serving});
    assert_eq!(story::step(&told, "own-tls"), &due);
}
