"""The rules of the house, held by reading the code: who may import whom, where no clock and no date may stand."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [
    path
    for package in ("registry", "assessments")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "piccolo_migrations" not in path.parts
]
DOOR = {"registry.journal", "registry.door"}
RULES = [path for path in CODE if path.parent.name == "rules"]

# A module imports only from its own line or one above.
LINES = [
    {"registry", "registry.vocabulary", "registry.questions", "registry.errors", "registry.settings", "registry.whole"},
    {"registry.law", "registry.law.files", "registry.law.unsound", "registry.law.loader", "registry.law.packs"},
    {"registry.law.changes", "registry.law.supposing"},
    {"registry.law.signals", "registry.law.dossiers"},
    {"registry.law.verified"},
    {"registry.embedded", "registry.upgrade", "registry.door", "registry.past"},
    {"registry.tree", "registry.verify_bundle"},
    {"registry.tables", "assessments"},
    {"assessments.tables", "registry.piccolo_app", "assessments.piccolo_app", "piccolo_conf"},
    {"registry.schema", "registry.database", "registry.journal"},
    {"registry.once", "registry.adopted", "registry.unfit"},
    {"registry.people", "registry.register", "registry.access", "registry.drafts", "registry.notes"},
    {"registry.keys", "registry.reverified"},
    {"registry.heads"},
    {"registry.tiles"},
    {"registry.checkpoints", "registry.erasures"},
    {"registry.faults"},
    {"registry.stands"},
    {"registry.verify", "registry.extract", "registry.backup"},
    {"registry.replay"},
    {"registry.restore"},
    {"registry.drill"},
    {"registry.web", "registry.forms", "registry.walk", "registry.told"},
    {"registry.sample"},
    {"registry.documents"},
    {"registry.filing"},
    {"registry.signing", "registry.vendors", "registry.records", "registry.roles"},
    {"registry.demo"},
    {"assessments.rules"},
    {"assessments.rules.failings"},
    {"assessments.rules.chapter_v", "assessments.rules.onward", "assessments.rules.sub_processors", "assessments.rules.gate"},
    {"assessments.dossier", "assessments.precedents", "assessments.readings"},
    {"assessments.states"},
    {"assessments.verdicts"},
    {"assessments.wording"},
    {"assessments.case_rows"},
    {"assessments.assess", "assessments.cases", "assessments.coverage", "assessments.named", "assessments.recorded"},
    {"assessments.radius", "assessments.changed"},
    {"assessments.gaps"},
    {"assessments.supposed", "assessments.picture"},
    {"assessments.what_if"},
    {"assessments.what_to_do"},
    {"assessments.what_follows"},
    {"assessments.drawing", "assessments.record", "assessments.facts"},
    {"assessments.press", "assessments.signing"},
    {
        "assessments.reports.transfers",
        "assessments.reports.art30_controller",
        *(f"assessments.reports.formats.{fmt}" for fmt in ("csv", "json", "pdf", "xlsx")),
    },
    {"assessments.reports", "assessments.reports.formats"},
    {"assessments.bundle"},
    {"assessments.reviews", "assessments.suspensions", "assessments.impacts"},
    {"assessments.watch.acts", "assessments.watch.causes", "assessments.watch.published"},
    {"assessments.watch.chain", "assessments.watch.endings", "assessments.watch.reached", "assessments.watch.ahead"},
    {"assessments.watch.turns"},
    {"assessments.watch.past", "assessments.watch.recorded"},
    {"assessments.watch", "assessments.alerts", "assessments.adoption", "assessments.rereading"},
    {"assessments.channels", "assessments.channels.mail"},
    {"assessments.handing_out"},
    {"assessments.deliveries", "assessments.standing"},
    {"assessments.doctor"},
    {"assessments.tables_shown", "assessments.show", "assessments.clockbar"},
    {"assessments.tables_asked"},
    {"assessments.passing", "assessments.papers", "assessments.vendors_apart"},
    {
        *(
            f"assessments.pages.{name}"
            for name in (
                "desk vendors gate transfers suspensions activities alerts reviews records law audit samples checkpoints "
                "what_if gaps"
            ).split()
        ),
        "assessments.pages",
    },
    {"assessments.schedule"},
    {"assessments.app"},
    {"assessments.cli.door"},
    {
        f"assessments.cli.{name}"
        for name in ("law", "register", "serve", "report", "watch", "proof", "bundle", "backup", "whatif")
    },
    {"assessments.cli"},
]


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name(path) for path in CODE}
            found |= whole & modules
            if whole - modules:
                found.add(node.module)
    return found


@pytest.mark.parametrize("path", CODE, ids=name)
def test_a_module_imports_only_from_its_own_line_or_above(path: Path) -> None:
    rank = {module: number for number, line in enumerate(LINES) for module in line}
    assert name(path) in rank, "give the module a line"
    backwards = [module for module in imports(path) if rank.get(module, -1) > rank[name(path)]]
    assert not backwards


@pytest.mark.parametrize("path", [path for path in CODE if name(path).startswith("registry")], ids=name)
def test_the_registry_never_imports_assessments(path: Path) -> None:
    assert not [module for module in imports(path) if module.split(".")[0] == "assessments"]


@pytest.mark.parametrize("path", RULES, ids=name)
def test_a_rule_has_no_io_no_clock_no_framework(path: Path) -> None:
    allowed = ("collections.abc", "datetime", "typing", "msgspec", "registry.vocabulary", "registry.law", "assessments.rules")
    assert not [module for module in imports(path) if not module.startswith(allowed)]
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, (ast.AsyncFunctionDef, ast.Await)), "a rule never waits"
        if isinstance(node, ast.Call):
            assert not re.search(r"\b(today|now|open|time)$", ast.unparse(node.func)), ast.unparse(node)


@pytest.mark.parametrize(
    "path", [*RULES, *(ROOT / f"assessments/{module}.py" for module in ("readings", "states", "verdicts"))], ids=name
)
def test_no_date_and_no_country_stands_in_a_rule(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("date"):
            assert not any(isinstance(argument, ast.Constant) for argument in node.args), ast.unparse(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.fullmatch(r"[A-Z]{2}|\d{4}-\d\d-\d\d", node.value), node.value


@pytest.mark.parametrize("path", [path for path in CODE if name(path) not in DOOR], ids=name)
def test_facts_are_written_through_the_journal_alone(path: Path) -> None:
    """Elsewhere only operations are written, and the one deletion that an erasure is."""
    writes = re.findall(r"\b(?:insert into|update|delete from|truncate)\s+(?:public\.)?\"?(\w+)", _strings(path))
    allowed = {
        "registry.schema": {"journal_head", "or", "of", "on"},
        "registry.past": {"past", "or", "on"},
        "registry.people": {"journal_value"},
        "registry.erasures": {"journal_value"},
        "registry.access": {"attempt", "session", "secret", "look", "credential", "set"},
        "assessments.watch": {"watched"},
        "assessments.schedule": {"watched", "set"},
        "assessments.watch.causes": {"delivery"},
        "assessments.watch.recorded": {"due", "set"},
        "assessments.deliveries": {"delivery", "of"},
        "assessments.handing_out": {"delivery"},
        "registry.drafts": {"draft", "set"},
        "registry.checkpoints": {"checkpoint"},
        "registry.tiles": {"tile", "set"},
        "registry.once": {"sent"},
    }
    assert set(writes) <= allowed.get(name(path), set())
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in {"save", "insert", "update", "delete", "remove"}:
            target = ast.unparse(node.value)
            assert not re.fullmatch(r"[A-Z]\w+", target) or target == "Credential", ast.unparse(node)


def _strings(path: Path) -> str:
    tree = ast.parse(path.read_text())
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return " ; ".join(
        str(node.value)
        for node in found
        if (id(node) not in documented and " from " in f" {node.value} ") or "insert" in str(node.value)
    )


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    return [ROOT / path for path in listed if (ROOT / path).is_file()]


def test_no_registry_address_and_no_path_of_a_machine_is_committed() -> None:
    """Lock files hold names, versions and hashes alone."""
    home = str(ROOT.parent) + "/"
    registries = re.compile(r"py" + r"pi\.org|pythonho" + r"sted|registry\.np" + r"mjs|deb\.deb" + r"ian\.org")
    for path in tracked():
        text = path.read_text(errors="replace")
        assert home == "//" or home not in text, path
        assert not registries.search(text), path
        if path.suffix == ".lock" or path.name == "package-lock.json":
            assert "://" not in text, path


def test_the_makefile_helps_with_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    assert targets == set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))
    assert {"setup", "run", "test", "prove", "check", "bench", "help"} <= targets
