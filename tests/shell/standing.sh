# Does the hall stand, as docs/running-a-hall.md set it up? Run on that machine by `make install-test`; the first line that fails ends it.
hall() { curl --fail --silent --show-error --max-time 60 --cacert /etc/sala/tls/hall.crt --resolve hall.example:443:127.0.0.1 "$@"; }
pick() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
none() { if "$@"; then echo "this should find nothing: $*"; exit 1; fi; }
set -x

# A resident reports a problem through nginx, is acknowledged, and follows it; the worker seals it.
made=$(hall -X POST -H 'Content-Type: application/json' -H 'Idempotency-Key: standing-'"$$" -d '{"service": "RP-SEWER", "place": "120404", "description": "Blocked-since-Monday", "name": "Chan Thida", "phone": "012 000 317"}' https://hall.example/api/v1/window/requests)
number=$(pick number <<<"$made"); code=$(pick code <<<"$made")
hall "https://hall.example/km/requests/$code" | grep "$number" >/dev/null
sala window list --place 120404 | grep "$number" >/dev/null
sleep 3
sala ledger verify

# It runs as its own user, gains nothing, and can change neither the program nor the machine.
pid=$(systemctl show -p MainPID --value sala.service)
[ "$(stat -c %U "/proc/$pid")" = sala ]
grep -q '^NoNewPrivs:.1$' "/proc/$pid/status"
grep -q '^Seccomp:.2$' "/proc/$pid/status"
grep -q '^CapBnd:.0000000000000000$' "/proc/$pid/status"
systemctl show -p NRestarts --value sala.service
none runuser -u sala -- touch /opt/sala/current/src/x
none nsenter --target "$pid" --mount touch /etc/x

# What it does in earnest it may do: decode a photo, count with DuckDB, draw borders.
mapfile -t rules < <(sed -n '/^UMask=/,/^SystemCallErrorNumber=/p' /etc/systemd/system/sala.service | grep -v '^ *#')
systemd-run --quiet --pipe --wait --collect -p User=sala -p EnvironmentFile=/etc/sala/sala.env "${rules[@]/#/--property=}" /opt/sala/current/.venv/bin/python -c '
import io, duckdb, shapely
from PIL import Image
kept = io.BytesIO()
Image.effect_noise((4000, 3000), 40).save(kept, "WEBP")
kept.seek(0)
Image.open(kept).convert("RGB").resize((2048, 1536)).save(io.BytesIO(), "JPEG", progressive=True)
assert duckdb.sql("SELECT sum(range) FROM range(1000000)").fetchall() == [(499999500000,)]
assert shapely.Point(1, 1).buffer(2).area > 12
'
[ "$(curl --fail --silent http://127.0.0.1:8000/metrics | grep -c '^sala_job_failures.* [1-9]')" = 0 ]

# Only nginx can be reached from outside, and /metrics not even through it.
python3 - <<'END'
from pathlib import Path
open_to_all = set()
for file, nowhere in (("tcp", "00000000"), ("tcp6", "0" * 32)):
    for row in Path(f"/proc/net/{file}").read_text().splitlines()[1:]:
        address, port = row.split()[1].split(":")
        if row.split()[3] == "0A" and address == nowhere:
            open_to_all.add(int(port, 16))
assert open_to_all == {80, 443}, open_to_all
END
[ "$(curl --silent --insecure --output /dev/null --write-out '%{http_code}' --resolve hall.example:443:127.0.0.1 https://hall.example/metrics)" = 404 ]

# What a resident told stands in no log, and her files are for Sala alone.
none grep -rqaE "$code|Blocked-since|Chan Thida|012 ?000 ?317" /var/log
none bash -c "journalctl -o cat | grep -qaE '$code|Blocked-since|Chan Thida|012 ?000 ?317'"
none grep -qaE '127\.0\.0|/km|/api' /var/log/nginx/sala.log
[ -s /var/log/nginx/sala.log ]
[ -z "$(find /var/lib/sala /var/backups/sala /mnt/elsewhere /mnt/safe -perm /077 -not -path '*/static/*')" ]
[ "$(stat -c '%a %U' /etc/sala/sala.env)" = '600 root' ]

# The database goes and comes: a clear refusal, then as before. The whole hall goes and comes.
status() { curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}' --cacert /etc/sala/tls/hall.crt --resolve hall.example:443:127.0.0.1 "https://hall.example$1"; }
systemctl stop postgresql@15-main.service
[ "$(status "/km/requests/$code")" = 503 ]
systemctl start postgresql@15-main.service
[ "$(status "/km/requests/$code")" = 200 ]
systemctl stop sala.service
[ "$(status /km/)" = 503 ]
systemctl start sala.service
[ "$(status "/km/requests/$code")" = 200 ]

# A backup holds the request; the day's units failed nowhere.
systemctl start sala-backup.service sala-check.service
[ "$(systemctl list-units --failed --no-legend 'sala*' | wc -l)" = 0 ]
systemd-analyze security --no-pager sala.service | tail -n 1
