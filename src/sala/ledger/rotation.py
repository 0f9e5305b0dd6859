"""How does a hall change the key it signs its ledger with? The old key vouches for the new one in its last checkpoint."""

from collections.abc import Mapping

from django.db import transaction

from sala.kit.acting import Acting, Where
from sala.kit.errors import Changed, NotPossible
from sala.kit.terms import N_
from sala.ledger import actions, keyring, keys, queries
from sala.ledger.models import Key
from sala.ledger.rules import notes
from sala.ledger.terms import Act

BUSY = N_("Acts were being sealed at the same moment. Please try again.")


def rotate(*, by: Acting) -> notes.Verifier:
    """Sign with a new key from here on; returns it.

    Side effects: an entry that names the new key, sealed under a checkpoint of the old key that carries the new key in
    a line of its text; then an entry sealed by the new key. The old private key is gone from SALA_HOME/keys, the old
    public key stays published with the sizes it signed (`keyring`). Whoever was cut off in the middle runs it again or
    lets the sealer finish it. Raises `NotPossible` before the first checkpoint, `Changed` when others sealed meanwhile.
    """
    queries.checkpoint()
    actions.seal()
    with transaction.atomic():
        ring = keyring.current()
        name = ring.keys[-1][1].name
        new = notes.Verifier(name, keys.make_next())
        _entry(by, Act.NEW_KEY, new)
        line = f"{keyring.NEXT}{new.text()}"
        if not actions.seal_batch(actions.BATCH, (line,), lambda size: _follow(ring, new, size)):
            raise Changed(BUSY)
    keys.signing(new.public)  # the new key takes its place
    with transaction.atomic():
        _entry(by, Act.USE_KEY, new)
    actions.seal()
    return new


def lost(*, by: Acting, public: str) -> notes.Verifier:
    """Go on under a new key because the old one (``public``, a verifier key) is lost: nobody vouches for the new one.

    Side effects: a new key in SALA_HOME/keys, one entry; `verify` warns of the break for ever. In the caller's transaction.
    Raises `NotPossible` where a key is there: then `rotate` is the way.
    """
    if keys.path().exists():
        raise NotPossible(N_("The ledger's key is there: nothing was lost."))
    old = notes.Verifier.parse(public)
    rows = Key.objects.exists()
    ring = keyring.current() if rows else keyring.Keyring(((0, old),))
    keys.signing()
    new = notes.Verifier(old.name, keys.public() or b"")
    _follow(ring, new, queries.checkpoint().size)
    _entry(by, Act.LOST_KEY, new)
    return new


def _follow(ring: keyring.Keyring, new: notes.Verifier, size: int) -> None:
    if len(ring.keys) == 1 and not Key.objects.exists():
        Key.objects.create(number=1, public=ring.keys[0][1].public.hex(), after=0)
    Key.objects.create(number=len(ring.keys) + 1, public=new.public.hex(), after=size)


def _entry(by: Acting, act: Act, new: notes.Verifier) -> None:
    content: Mapping[str, object] = {"public": new.public.hex()}
    actions.record(
        by=by, act=act, kind=keyring.KIND, subject=new.public.hex()[:64], at=Where(), content=content
    )
