"""The table of attachments; their content lies in the store under an unguessable token."""

from django.db import models

from sala.files.terms import State
from sala.kit import clock, ids


def new_token() -> str:
    """160 unguessable bits, in hexadecimal (also safe where file names know no case)."""
    return ids.token_bytes(20).hex()


class File(models.Model):
    """A picture that was checked and re-encoded. ``size``, ``sha256``, ``width`` and ``height`` are of what is stored."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    state = models.CharField(max_length=16, default=State.KEPT)
    media_type = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    small_sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    purpose = models.CharField(max_length=64)
    kind = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=64, blank=True)
    province = models.CharField(max_length=16, blank=True)
    district = models.CharField(max_length=16, blank=True)
    commune = models.CharField(max_length=16, blank=True)
    village = models.CharField(max_length=16, blank=True)
    office = models.UUIDField(null=True)
    source = models.CharField(max_length=32, blank=True)
    created = models.DateTimeField(default=clock.now)
    attached = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "subject", "created"], name="files_of_a_record"),
            models.Index(fields=["created"], name="files_unattached", condition=models.Q(state="kept")),
            models.Index(fields=["source"], name="files_by_source", condition=~models.Q(source="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="kept", kind="", subject="", attached__isnull=True)
                | (
                    models.Q(state="attached", attached__isnull=False)
                    & ~models.Q(kind="")
                    & ~models.Q(subject="")
                ),
                name="files_attached_to_something",
            )
        ]

    @property
    def url(self) -> str:
        """Where the picture is served."""
        return f"/files/{self.token}"

    @property
    def small_url(self) -> str:
        """Where its thumbnail is served."""
        return f"/files/{self.token}/small"
