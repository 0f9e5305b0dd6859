"""Which addresses does the counter answer?"""

from django.urls import path

from sala.counter.pages import cash, desk, kiosk, kiosks, screen, tickets

urlpatterns = [
    path("counter", desk.desk, name="counter"),
    path("counter/kiosks", kiosks.devices, name="counter-kiosks"),
    path("counter/kiosk", kiosk.kiosk, name="kiosk"),
    path("counter/kiosk/<str:key>", kiosk.opened, name="kiosk-open"),
    path("counter/cash", cash.box, name="counter-cash"),
    path("counter/cash/close", cash.close, name="counter-cash-close"),
    path("counter/cash/days/<str:day>", cash.closed_day, name="counter-cash-day"),
    path("counter/receipts/<uuid:line_id>", cash.receipt, name="counter-receipt"),
    path("counter/screen", screen.screen, name="counter-screen"),
    path("counter/tickets/<str:code>", tickets.follow, name="ticket"),
    path("counter/tickets/<str:code>/paper", tickets.paper, name="ticket-paper"),
]
