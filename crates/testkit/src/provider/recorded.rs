//! The answers of a sandbox, from its files.

use std::path::{Path, PathBuf};

/// The cases of one endpoint, and its files.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    cases: Vec<Case>,
    folder: Option<PathBuf>,
    base_url: String,
}

/// One published case: what is asked, and what is answered.
#[derive(Debug)]
pub(super) struct Case {
    parameters: Vec<(String, String)>,
    pub(super) status: u16,
    pub(super) body: String,
}

/// What stands in for a file that the sandbox links and does not have.
const INVENTED_PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";

/// The hosts of files in the answers of the sandbox.
const FILE_HOSTS: [&str; 2] = ["https://raw.githubusercontent.com", "https://entreprise.api.gouv.fr"];

impl Recorded {
    pub(super) fn read(folder: Option<PathBuf>, base_url: &str) -> Self {
        let Some(folder) = folder else { return Self::default() };
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        let mut recorded = Self { cases: Vec::new(), base_url: base_url.to_owned(), folder: None };
        recorded.cases = files.map(|file| recorded.case(&file)).collect();
        Self { folder: Some(folder), ..recorded }
    }

    /// One case, its files linked here.
    pub(super) fn case(&self, file: &Path) -> Case {
        let text = std::fs::read_to_string(file).unwrap().replace("\r\n", "\n");
        let mut case = Case::parse(&text);
        for host in FILE_HOSTS {
            case.body = case.body.replace(host, &self.base_url);
        }
        case
    }

    /// The case that a request is about.
    pub(super) fn find(&self, target: &str) -> Option<&Case> {
        self.cases.iter().find(|case| !case.parameters.is_empty() && case.is_about(target))
    }

    /// The file that is asked for, if a file is.
    pub(super) fn file(&self, target: &str) -> Option<Vec<u8>> {
        let name = target.rsplit('/').next().filter(|name| name.ends_with(".pdf"))?;
        let file = self.folder.as_ref().map(|folder| folder.join(name)).filter(|file| file.is_file());
        Some(file.map_or_else(|| INVENTED_PDF.to_vec(), |file| std::fs::read(file).unwrap()))
    }
}

impl Case {
    /// Reads the few lines of YAML that the files use.
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("payload: |-\n").unwrap();
        let (_, asked) = head.split_once("params:\n").unwrap();
        let pair = |line: &str| {
            let (key, value) = line.strip_prefix("  ")?.split_once(": ")?;
            Some((key.to_owned(), value.trim().trim_matches(['\'', '"']).to_owned()))
        };
        let status = asked.lines().find_map(|line| line.strip_prefix("status: ")).unwrap();
        Self {
            parameters: asked.lines().filter_map(pair).collect(),
            status: status.trim().parse().unwrap(),
            body: body.to_owned(),
        }
    }

    /// Whether each parameter stands in the target, as a part of the path or in the query.
    fn is_about(&self, target: &str) -> bool {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        self.parameters.iter().all(|(key, value)| {
            let pair = format!("{key}={value}");
            path.split('/').any(|part| part == value) || query.split('&').any(|part| part == pair)
        })
    }
}
