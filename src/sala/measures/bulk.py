"""How does the country's pack bring its figures? Through the same door as any other file; then everything is counted once."""

from collections import Counter
from pathlib import Path

from sala.kit.acting import Acting
from sala.measures import actions, pack, queries, taking

SHOWN = 6  # codes named in the report of `sala init`; the file of notes has all


def load(folder: Path, by: Acting) -> list[str]:
    """Declare the pack's measures, import its files, count. Idempotent; returns lines for the report."""
    pack.declare(folder, queries.open_imported)
    lines: list[str] = []
    for mapping in pack.mappings(folder).values():
        taken = import_mapping(mapping.name, folder, by)
        if taken.imported is None:
            lines.append(f"{mapping.file} is in force already")
            continue
        kinds = Counter(note.code for note in taken.notes)
        told = ", ".join(f"{count} {code}" for code, count in sorted(kinds.items()))
        lines.append(
            f"{mapping.file}: {taken.rows} rows, {taken.changed} figures; noted: {told or 'nothing'}"
        )
        if taken.former:
            more = f" and {len(taken.former) - SHOWN} more" if len(taken.former) > SHOWN else ""
            lines.append(
                f"{len(taken.former)} places are no longer in the gazetteer and were kept: "
                + " ".join(taken.former[:SHOWN])
                + more
            )
        if taken.report:
            lines.append(f"every note stands in {taken.report}")
    done = actions.roll_up()
    lines.append(f"{done.facts} facts rolled up to {done.totals} figures")
    return lines


def import_mapping(name: str, folder: Path, by: Acting) -> taking.Taken:
    """Import the file a mapping names, compared with the files beside it. Raises as `taking.take`."""
    mapping = pack.mapping(name, folder)
    return taking.take(
        by=by,
        data=(folder / mapping.file).read_bytes(),
        file_name=Path(mapping.file).name,
        mapping=mapping,
        others={other.file: (folder / other.file).read_bytes() for other in mapping.compare},
    )
