"""A passkey in software: what a browser answers for one, so that the server's side is tested without a browser."""

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG


class Passkey:
    """One credential for one site."""

    def __init__(self, origin: str = "http://localhost", site: str = "localhost") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.origin, self.site, self.count = secrets.token_bytes(16), origin, site, 0
        self.owner = ""

    def make(self, options: dict[str, Any], *, verified: bool = True) -> str:
        """The answer to ``navigator.credentials.create``."""
        public = options["publicKey"]
        self.owner = public["user"]["id"]
        cose = ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(b"\0" * 16, self.id, cose)
        flags = FLAG.UP | FLAG.AT | (FLAG.UV if verified else FLAG(0))
        data = AuthenticatorData.create(self._site(), flags, 0, held)
        response = {
            "clientDataJSON": websafe_encode(self._said("webauthn.create", public["challenge"])),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        return self._answer(response, {"credProps": {"rk": True}})

    def show(self, options: dict[str, Any], *, verified: bool = True) -> str:
        """The answer to ``navigator.credentials.get``."""
        self.count += 1
        flags = FLAG.UP | (FLAG.UV if verified else FLAG(0))
        data = AuthenticatorData.create(self._site(), flags, self.count)
        said = self._said("webauthn.get", options["publicKey"]["challenge"])
        digest = hashes.Hash(hashes.SHA256())
        digest.update(said)
        signature = self.key.sign(bytes(data) + digest.finalize(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": websafe_encode(said),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.owner,
        }
        return self._answer(response, {})

    def _site(self) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self.site.encode())
        return digest.finalize()

    def _said(self, kind: str, challenge: str) -> bytes:
        return bytes(CollectedClientData.create(kind, websafe_decode(challenge), self.origin))

    def _answer(self, response: dict[str, str], results: dict[str, Any]) -> str:
        key = websafe_encode(self.id)
        return json.dumps(
            {
                "id": key,
                "rawId": key,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": results,
            }
        )
