//! The first message of a TLS client (RFC 8446, 4.1.2), each part of which may be one that the hub does not do.

/// A hello. The default is one that can be answered.
#[derive(Debug)]
pub(super) struct Hello {
    /// The version that old servers read.
    pub(super) version: [u8; 2],
    /// The one version of the extension; `None` leaves the extension out.
    pub(super) versions: Option<[u8; 2]>,
    pub(super) cipher: [u8; 2],
    pub(super) group: [u8; 2],
    pub(super) signature: [u8; 2],
}

impl Default for Hello {
    /// TLS 1.3, AES-128 with SHA-256, P-256 and ECDSA with SHA-256.
    fn default() -> Self {
        Self {
            version: [3, 3],
            versions: Some([3, 4]),
            cipher: [0x13, 0x01],
            group: [0x00, 0x17],
            signature: [0x04, 0x03],
        }
    }
}

/// The base point of P-256 (SEC 2), which is a good share of a key: that of the secret 1.
const SHARE: [u8; 65] = [
    4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
    0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
    0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

impl Hello {
    /// The hello in its record, as it is sent.
    pub(super) fn record(&self) -> Vec<u8> {
        let body = [
            &self.version[..],
            &[7; 32],
            &[0],
            &counted(2, &self.cipher),
            &counted(1, &[0]),
            &counted(2, &self.extensions()),
        ]
        .concat();
        let message = [&[1][..], &counted(3, &body)].concat();
        [&[22, 3, 1][..], &counted(2, &message)].concat()
    }

    fn extensions(&self) -> Vec<u8> {
        let share = [&self.group[..], &counted(2, &SHARE)].concat();
        let versions = self.versions.map(|version| extension(43, &counted(1, &version)));
        [
            versions.unwrap_or_default(),
            extension(10, &counted(2, &self.group)),
            extension(13, &counted(2, &self.signature)),
            extension(51, &counted(2, &share)),
            extension(16, &counted(2, &counted(1, b"h2"))),
        ]
        .concat()
    }
}

fn extension(number: u8, content: &[u8]) -> Vec<u8> {
    [&[0, number][..], &counted(2, content)].concat()
}

/// Bytes behind their number, which is written in so many bytes.
fn counted(width: usize, bytes: &[u8]) -> Vec<u8> {
    [&bytes.len().to_be_bytes()[8 - width..], bytes].concat()
}
