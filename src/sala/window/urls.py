"""Which addresses does the window answer?"""

from django.urls import path, re_path

from sala.window.open311 import views as open311
from sala.window.pages import (
    answers,
    ask,
    board,
    follow,
    front,
    held,
    joined,
    lists,
    maps,
    messages,
    offline,
    prices,
    queue,
    rating,
    record,
    report,
    routing,
    several,
)

plain_urlpatterns = [
    path("open/", board.data, name="open-data"),
    path("open/reports/dictionary.json", board.dictionary, name="open-dictionary"),
    path("open/reports.<str:kind>", board.table, name="open-reports"),
    path("worker.js", offline.worker, name="worker"),
    path("open311/discovery.<str:kind>", open311.discovery, name="open311-discovery"),
    path("open311/v2/discovery.<str:kind>", open311.discovery, name="open311-v2-discovery"),
    path("open311/v2/services.<str:kind>", open311.services, name="open311-services"),
    path("open311/v2/services/<str:code>.<str:kind>", open311.service, name="open311-service"),
    path("open311/v2/requests.<str:kind>", open311.requests, name="open311-requests"),
    path("open311/v2/requests/<str:number>.<str:kind>", open311.one_request, name="open311-request"),
    path("open311/v2/tokens/<str:code>.<str:kind>", open311.token, name="open311-token"),
    path("open311/v2/servicerequestupdates.<str:kind>", open311.updates, name="open311-updates"),
]

urlpatterns = [
    path("", front.home, name="home"),
    path("halls/<str:key>", front.hall, name="hall"),
    path("halls/<str:key>/prices", prices.board, name="hall-prices"),
    re_path(
        r"^halls/(?P<key>[^/]{1,48})/prices-(?P<size>a[34])\.pdf$", prices.printed, name="hall-prices-pdf"
    ),
    path("halls/<str:key>/comments", rating.published, name="hall-comments"),
    path("ask", ask.ask, name="ask"),
    path("services", front.services, name="services"),
    path("services/<str:code>", front.service, name="service"),
    path("services/<str:code>/apply", report.apply, name="service-apply"),
    path("report", report.report, name="report"),
    path("report/token", offline.token, name="report-token"),
    path("offline", offline.offline, name="offline"),
    path("report/map/<str:key>.svg", maps.commune_map, name="report-map"),
    path("map", board.start, name="public-maps"),
    path("map/<str:key>", board.reports, name="public-map"),
    path("map/<str:key>/reports.svg", board.picture, name="public-map-svg"),
    path("map/<str:key>/reports.atom", board.feed, name="public-feed"),
    path("embed/<str:key>", board.counter, name="public-counter"),
    path("requests", follow.look, name="requests"),
    path("requests/<str:code>", follow.track, name="request"),
    path("requests/<str:code>/received", follow.received, name="request-received"),
    path("requests/<str:code>/receipt", follow.receipt, name="request-receipt"),
    path("rate/<str:key>", rating.rate, name="request-rating"),
    path("work", queue.queue, name="work"),
    path("work/comments", rating.screen, name="work-comments"),
    path("work/messages", messages.listing, name="work-messages"),
    path("work/several", several.several, name="work-several"),
    path("work/answers", answers.listing, name="work-answers"),
    path("work/answers/<uuid:phrase_id>", answers.one, name="work-answer"),
    path("work/lists", lists.lists, name="work-lists"),
    path("work/rules", routing.listing, name="work-rules"),
    path("work/rules/<uuid:rule_id>", routing.one, name="work-rule"),
    path("work/new", report.counter, name="work-new"),
    re_path(
        r"^work/list-(?P<view>[a-z]{1,12})\.(?P<kind>csv|xlsx|json)$", queue.download, name="work-export"
    ),
    path("work/requests/<uuid:request_id>", record.record, name="work-request"),
    path("work/requests/<uuid:request_id>/held", held.whole, name="work-held"),
    path("work/requests/<uuid:request_id>/contact", held.contact, name="work-contact"),
    path("work/requests/<uuid:request_id>/joined", joined.joined, name="work-joined"),
]
