"""Channels to the hub: mutual TLS with the PEM files that `unefois pki issue` writes."""

from pathlib import Path

import grpc


def channel(hub: str, pki: Path, agency: str) -> grpc.Channel:
    """A channel to HOST:PORT as the system `main` of an agency."""
    credentials = grpc.ssl_channel_credentials(
        root_certificates=(pki / "ca.pem").read_bytes(),
        private_key=(pki / f"{agency}-main.key").read_bytes(),
        certificate_chain=(pki / f"{agency}-main.pem").read_bytes(),
    )
    return grpc.secure_channel(hub, credentials)
