//! Compiles `proto/` without `protoc`: messages and clients as written, servers with the twin response.

#![allow(clippy::disallowed_methods, reason = "cargo tells a build script in the environment where to write")]

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};

/// The response that the hub sends wherever a typed response is promised: the same bytes on the wire, with the data
/// as bytes.
const TWIN: &str = ".unefois.exchange.v1.PullResponse";
const TYPED_PACKAGES: [&str; 4] =
    ["unefois.certificate.v1", "unefois.contact.v1", "unefois.income.v1", "unefois.status.v1"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new([&root])?;
    // With the comments: they are the documentation of the catalogue, wherever it is read.
    compiler.include_imports(true).include_source_info(true).open_files(proto_files(&root)?)?;
    // Encoded by the compiler and not by way of `prost-types`, which would drop the options that annotate datasets.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    let files = compiler.file_descriptor_set();

    tonic_prost_build::configure().build_server(false).compile_fds(files.clone())?;

    let servers = out.join("servers");
    fs::create_dir_all(&servers)?;
    tonic_prost_build::configure()
        .build_client(false)
        .codec_path("crate::codec::ServerCodec")
        .extern_path(".unefois", "crate::pb")
        .out_dir(servers)
        .compile_fds(with_twins(files)?)?;
    Ok(())
}

/// Every `.proto` below `root`, as a path relative to it, in a stable order.
fn proto_files(root: &PathBuf) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                files.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The same files, with every typed response replaced by its twin.
fn with_twins(mut files: FileDescriptorSet) -> Result<FileDescriptorSet, Box<dyn Error>> {
    let layout = |name: &str| -> Option<Vec<(i32, String)>> {
        let (package, message) = name.strip_prefix('.')?.rsplit_once('.')?;
        let file = files
            .file
            .iter()
            .find(|file| file.package() == package && file.message_type.iter().any(|found| found.name() == message))?;
        let found = file.message_type.iter().find(|found| found.name() == message)?;
        Some(found.field.iter().map(|field| (field.number(), field.name().to_owned())).collect())
    };
    let twin = layout(TWIN).ok_or("the twin response is missing")?;
    let mismatched = |method: &MethodDescriptorProto| layout(method.output_type()).as_ref() != Some(&twin);
    let is_typed = |package: &str| TYPED_PACKAGES.contains(&package);
    for file in files.file.iter().filter(|file| is_typed(file.package())) {
        for method in file.service.iter().flat_map(|service| &service.method) {
            if mismatched(method) {
                return Err(format!("the response of `{}` does not have the fields of its twin", method.name()).into());
            }
        }
    }
    for file in files.file.iter_mut().filter(|file| is_typed(file.package())) {
        for method in file.service.iter_mut().flat_map(|service| &mut service.method) {
            method.output_type = Some(TWIN.to_owned());
        }
    }
    // Round trip: a descriptor that cannot be encoded would otherwise fail far from here.
    Ok(FileDescriptorSet::decode(files.encode_to_vec().as_slice())?)
}
