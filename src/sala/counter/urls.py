"""Which addresses does the counter answer?"""

from django.urls import path

from sala.counter.pages import desk, kiosk, kiosks, screen, tickets

urlpatterns = [
    path("counter", desk.desk, name="counter"),
    path("counter/kiosks", kiosks.devices, name="counter-kiosks"),
    path("counter/kiosk", kiosk.kiosk, name="kiosk"),
    path("counter/kiosk/<str:key>", kiosk.opened, name="kiosk-open"),
    path("counter/screen", screen.screen, name="counter-screen"),
    path("counter/tickets/<str:code>", tickets.follow, name="ticket"),
    path("counter/tickets/<str:code>/paper", tickets.paper, name="ticket-paper"),
]
