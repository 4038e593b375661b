//! The lines of a load: subject, reason and last day, with commas between them.

use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, anyhow, ensure};
use jiff::civil::Date;
use tokio::sync::mpsc;
use unefois_proto::{last_day_to_wire, pb::dossier::v1::Declaration};

use crate::client;

/// How long a line may be: an identifier, a code and a day.
const LINE_BYTES_MAX: u64 = 1_024;

const EXPECTED: &str = "a line such as `nir:255081416802538,benefit-claim,2027-06-30` is expected";

/// Reads lines until the end, or the first that is none. Nothing of a line is quoted: it names people.
pub(super) fn read(input: impl Read, declarations: &mpsc::Sender<Declaration>) -> anyhow::Result<()> {
    let mut reader = BufReader::new(input);
    for number in 1.. {
        let mut line = Vec::new();
        let read = reader.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        ensure!(read as u64 <= LINE_BYTES_MAX, "line {number} is longer than {LINE_BYTES_MAX} bytes");
        let text = std::str::from_utf8(&line).map_err(|_broken| anyhow!("line {number} is not UTF-8"))?;
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let declaration = declaration(text).with_context(|| format!("line {number} declares nothing"))?;
        if declarations.blocking_send(declaration).is_err() {
            // The load has ended; its status says why.
            return Ok(());
        }
    }
    Ok(())
}

fn declaration(line: &str) -> anyhow::Result<Declaration> {
    let mut parts = line.split(',').map(str::trim);
    let (Some(subject), Some(reason), Some(last_day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(anyhow!(EXPECTED));
    };
    let last_day: Date = last_day.parse().map_err(|_no_day| anyhow!("the last day is a day such as `2027-06-30`"))?;
    Ok(Declaration {
        subject: Some(client::subject_of_line(subject)?),
        reason: reason.to_owned(),
        last_day: Some(last_day_to_wire(last_day)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> (Vec<Declaration>, anyhow::Result<()>) {
        let (sender, mut receiver) = mpsc::channel(100);
        let read = read(text, &sender);
        drop(sender);
        let mut declarations = Vec::new();
        while let Ok(declaration) = receiver.try_recv() {
            declarations.push(declaration);
        }
        (declarations, read)
    }

    #[test]
    fn lines_are_declarations_until_one_is_not() {
        let (declared, read) = lines(b"siren:732829320, rsa ,2027-06-30\r\n\nlocal:cnaf:A-1,rsa,2027-06-30");
        read.unwrap();
        assert_eq!(declared.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(), ["rsa", "rsa"]);
        for bad in ["siren:732829320,rsa", "732829320,rsa,2027-06-30", "siren:732829320,rsa,2027-02-30", "a,b,c,d"] {
            let (declared, read) = lines(format!("siren:1,rsa,2027-06-30\n{bad}\n").as_bytes());
            let told = format!("{:#}", read.unwrap_err());
            assert!(told.contains("line 2") && !told.contains("732829320") && declared.len() == 1, "{told}");
        }
        let long = [b"siren:".to_vec(), vec![b'1'; 2_000]].concat();
        assert!(lines(&long).1.is_err() && lines(&[0xff, b'\n']).1.is_err());
    }
}
