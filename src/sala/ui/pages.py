"""What do the parts look like? A page that shows every one of them, in both frames, for those who build and check pages."""

from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from sala.kit import khmer
from sala.kit.paging import Listing, ListSpec
from sala.ui import charts, icons, jinja
from sala.ui.fields import DayField

COLOURS = (
    ("ink", "#17211f"),
    ("ink-2", "#4b5957"),
    ("hall", "#0c5a52"),
    ("hall-dark", "#073f39"),
    ("hall-tint", "#e2efec"),
    ("edge", "#66736f"),
    ("line", "#cfd6d3"),
    ("paper", "#f6f4ee"),
    ("sheet", "#ffffff"),
    ("ok", "#17602c"),
    ("soon", "#724500"),
    ("late", "#a31c11"),
    ("go", "#234f7d"),
    ("wait", "#574678"),
    ("calm", "#414e4b"),
    ("focus", "#ffd54a"),
    ("brass", "#9a6a12"),
    ("c1", "#0c5a52"),
    ("c2", "#b26b00"),
    ("c3", "#7b2d5b"),
    ("c4", "#4d5f86"),
)


def both(km: str, en: str) -> str:
    """A sample text: these are no texts of the interface, so they stand here in both languages."""
    return km if jinja.lang() == "km" else en


def _sample() -> forms.Form:
    """A form with every kind of field, half of it filled in wrongly."""

    class Sample(forms.Form):
        name = forms.CharField(
            label=both("ឈ្មោះ", "Name"),
            max_length=80,
            help_text=both("ដូចក្នុងអត្តសញ្ញាណប័ណ្ណ", "As on the identity card"),
        )
        phone = forms.RegexField(
            r"^0\d{8,9}$",
            label=both("លេខទូរស័ព្ទ", "Phone"),
            max_length=20,
            error_messages={
                "invalid": both("សូមបញ្ចូលលេខទូរស័ព្ទ ៩ ឬ ១០ ខ្ទង់", "Enter a phone number of 9 or 10 digits")
            },
        )
        village = forms.ChoiceField(
            label=both("ភូមិ", "Village"),
            choices=[
                ("", both("ជ្រើសរើសភូមិ", "Choose a village")),
                ("1", both("ភូមិ ១", "Village 1")),
                ("2", both("ភូមិ ២", "Village 2")),
            ],
            error_messages={
                "required": both("សូមជ្រើសរើសភូមិដែលមានបញ្ហា", "Choose the village where the problem is")
            },
        )
        how = forms.ChoiceField(
            label=both("ចង់ទទួលដំណឹងតាមណា?", "How do you want to hear from us?"),
            widget=forms.RadioSelect,
            choices=[
                ("sms", both("សារទូរស័ព្ទ", "Text message")),
                ("desk", both("មកសួរនៅបញ្ជរ", "Ask at the counter")),
            ],
        )
        papers = forms.MultipleChoiceField(
            label=both("ឯកសារភ្ជាប់", "Attached documents"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[("a", both("សៀវភៅគ្រួសារ", "Family book")), ("b", both("រូបថត", "Photograph"))],
        )
        born = DayField(label=both("ថ្ងៃខែឆ្នាំកំណើត", "Date of birth"))
        text = forms.CharField(
            label=both("បញ្ហា", "Problem"), widget=forms.Textarea, required=False, max_length=2000
        )
        photo = forms.FileField(
            label=both("រូបថត", "Photograph"),
            required=False,
            help_text=both("យ៉ាងច្រើន ៣ រូប", "Up to three pictures"),
        )
        agree = forms.BooleanField(
            label=both("ខ្ញុំយល់ព្រមឱ្យសាលាទាក់ទងខ្ញុំ", "The hall may contact me"), required=False
        )
        place = forms.CharField(
            label=both("ទីកន្លែង", "Place"),
            max_length=20,
            error_messages={"required": both("សូមជ្រើសរើសទីកន្លែង", "Choose a place")},
        )

    return Sample(
        {
            "name": both("សុខ ចាន់ដា", "SOK Chanda"),
            "phone": "01234",
            "how": "sms",
            "papers": ["a"],
            "born_day": "31",
            "born_month": "2",
            "born_year": "2026",
        }
    )


@dataclass(frozen=True)
class Row:
    """A row of the sample queue."""

    kind: str
    due: str
    number: str
    what: str
    state: str
    state_kind: str


def _rows() -> list[Row]:
    handling = both("កំពុងដោះស្រាយ", "Being handled")
    return [
        Row(
            "late",
            both("ហួស ២ ថ្ងៃ", "2 days late"),
            "120404-26-00305",
            both("ភ្លើងបំភ្លឺផ្លូវខូច", "Broken street light"),
            handling,
            "go",
        ),
        Row(
            "soon",
            both("ថ្ងៃនេះ ម៉ោង ១៧:៣០", "Today, 17:30"),
            "120404-26-00320",
            both("ដាច់ចរន្តអគ្គិសនី", "Power cut"),
            handling,
            "go",
        ),
        Row(
            "",
            both("នៅសល់ ៤ ថ្ងៃ", "4 days left"),
            "120404-26-00322",
            both("លិខិតបញ្ជាក់បាត់ឯកសារ", "Letter on a lost document"),
            both("បានទទួល", "Received"),
            "",
        ),
        Row(
            "wait",
            both("ផ្អាក ៣ ថ្ងៃ", "Paused for 3 days"),
            "120404-26-00298",
            both("ស្ទះលូ", "Blocked sewer"),
            both("រង់ចាំអ្នកស្នើសុំ", "Waiting for the applicant"),
            "wait",
        ),
    ]


def _pictures() -> dict[str, object]:
    """Sample charts and a small map of drawn, not real, units."""
    lang = jinja.lang()
    months = [
        khmer.month_name(n, lang)[:3] if lang == "en" else khmer.month_name(n, lang) for n in range(1, 11)
    ]
    values = [0.862, 0.873, 0.883, 0.871, 0.885, None, 0.89, 0.903, 0.916, 0.93]
    names = [both(f"ឃុំទី{khmer.digits(n)}", f"Commune {n}") for n in range(1, 7)]
    shares = [0.804, 0.817, 0.883, 0.921, 0.952, None]
    shapes = [
        charts.Shape(str(n), f"M{100 * n} 10h90v{60 + 12 * n}h-90z", names[n], f"?unit={n}") for n in range(6)
    ]
    figures = dict(zip("012345", shares, strict=True))
    bounds = charts.Classes((0.75, 0.82, 0.88, 0.93))
    no_data = both("គ្មានទិន្នន័យ", "No data")
    return {
        "line": charts.line_chart(
            months,
            [charts.Series("", values)],
            jinja.percent,
            goal=0.9,
            goal_label=both("ទិសដៅ", "goal"),
            at_most=1,
        ),
        "line_table": charts.figures_table(
            both("តាមខែ", "By month"),
            months,
            [
                (
                    both("ឆ្លើយតបទាន់កាលកំណត់ (%)", "On time (%)"),
                    ["–" if v is None else jinja.figure(v * 100, 1) for v in values],
                )
            ],
            number=both("សូចនាករ", "Indicator"),
        ),
        "bars": charts.bar_chart(
            [
                charts.Bar(name, value, f"?unit={n}")
                for n, (name, value) in enumerate(zip(names, shares, strict=True))
            ],
            jinja.percent,
            no_data=no_data,
            at_most=1,
        ),
        "small": charts.multiples(
            [charts.Small(name, values[n:] + values[:n], f"?unit={n}") for n, name in enumerate(names)],
            lambda v: jinja.figure(v * 100, 1),
            goal=0.9,
        ),
        "map": charts.commune_map(
            shapes,
            figures,
            jinja.percent,
            view_box="0 0 700 160",
            bounds=bounds,
            label=both("ផែនទីគំរូ", "Sample map"),
            no_data=no_data,
            borders=["M195 0V160"],
            highlighted="2",
        ),
        "legend": charts.legend(
            bounds,
            jinja.percent,
            under=both("ក្រោម %s", "under %s"),
            over=both("ចាប់ពី %s", "%s and more"),
            no_data=no_data,
        ),
    }


def _context(request: HttpRequest) -> dict[str, object]:
    spec = ListSpec(sorts=("due", "number"), default_sort="due", page_size=4)
    listing = Listing.of(QueryDict(request.META.get("QUERY_STRING", "")), spec, path=request.path)
    rows = _rows()
    return {
        "form": _sample(),
        "listing": listing,
        "rows": rows,
        "page": listing.cut(rows * 3),
        "colours": COLOURS,
        "icons": icons.NAMES,
        "t": both,
        "day": date(2026, 11, 20),
        "place": {
            "title": {"km": "សាលាសង្កាត់គំរូ", "en": "Sample sangkat hall"},
            "line": {"km": "ខណ្ឌគំរូ រាជធានីគំរូ", "en": "Sample khan, sample capital"},
        },
        "hours": both(
            "ថ្ងៃចន្ទ ដល់ថ្ងៃសុក្រ ម៉ោង ៧:៣០–១១:៣០ ព្រឹក និងម៉ោង ២:០០–៥:៣០ រសៀល។",
            "Monday to Friday, 7:30–11:30 am and 2:00–5:30 pm.",
        ),
        **_pictures(),
    }


def parts(request: HttpRequest) -> HttpResponse:
    """Every part in the residents' frame."""
    return render(request, "ui/parts_page.html", {**_context(request), "shown_in": "ui/page.html"})


def parts_staff(request: HttpRequest) -> HttpResponse:
    """Every part in the frame of staff."""
    return render(request, "ui/parts_page.html", {**_context(request), "shown_in": "ui/staff.html"})
