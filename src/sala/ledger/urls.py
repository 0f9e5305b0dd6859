"""Which addresses does the ledger answer?"""

from django.urls import path

from sala.ledger import pages, paper_pages

urlpatterns = [
    path("ledger", pages.ledger, name="ledger"),
    path("ledger/receipts/<uuid:entry>", pages.receipt, name="ledger-receipt"),
    path("verify", paper_pages.verify, name="verify"),
]

plain_urlpatterns = [
    path("verify", paper_pages.front_door, name="verify-front"),
    path("ledger", pages.front_door, name="ledger-front"),
    path("ledger/", pages.front_door),
    path("ledger/checkpoint", pages.checkpoint, name="ledger-checkpoint"),
    path("ledger/inclusion", pages.inclusion, name="ledger-inclusion"),
    path("ledger/consistency", pages.consistency, name="ledger-consistency"),
    path("ledger/key", pages.key, name="ledger-key"),
    path("ledger/keys", pages.key_list, name="ledger-keys"),
    path("ledger/receipts/<uuid:entry>.txt", pages.receipt_file, name="ledger-receipt-file"),
]
