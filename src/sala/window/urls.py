"""Which addresses does the window answer?"""

from django.urls import path, re_path

from sala.window.pages import ask, follow, front, maps, queue, record, report

urlpatterns = [
    path("", front.home, name="home"),
    path("halls/<str:key>", front.hall, name="hall"),
    path("ask", ask.ask, name="ask"),
    path("services", front.services, name="services"),
    path("services/<str:code>", front.service, name="service"),
    path("services/<str:code>/apply", report.apply, name="service-apply"),
    path("report", report.report, name="report"),
    path("report/map/<str:key>.svg", maps.commune_map, name="report-map"),
    path("requests", follow.look, name="requests"),
    path("requests/<str:code>", follow.track, name="request"),
    path("requests/<str:code>/received", follow.received, name="request-received"),
    path("requests/<str:code>/receipt", follow.receipt, name="request-receipt"),
    path("work", queue.queue, name="work"),
    path("work/new", report.counter, name="work-new"),
    re_path(
        r"^work/list-(?P<view>[a-z]{1,12})\.(?P<kind>csv|xlsx|json)$", queue.download, name="work-export"
    ),
    path("work/requests/<uuid:request_id>", record.record, name="work-request"),
]
