"""The rooms of the project: who may import whom, how large things are, and that importing does nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.config import Settings

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for room in ("indexer", "webapp") for path in (ROOT / room).rglob("*.py"))
MAX_FUNCTION_LINES = 60
MAX_MODULE_LINES = 300
MAX_PARAMETERS = 4

ROOMS = [
    ("indexer.errors", "indexer.config", "indexer.deadline"),
    ("indexer.profiles",),
    ("indexer.text",),
    ("indexer.ranking",),
    ("indexer.query",),
    ("indexer.snippets",),
    ("indexer.engines.base", "indexer.engines.company", "indexer.engines.marks"),
    ("indexer.engines.whoosh", "indexer.engines.opensearch"),
    ("indexer.engines",),
    (
        "indexer.page", "indexer.labels", "indexer.links", "indexer.documents", "indexer.feedback", "indexer.suggest",
        "indexer.search", "indexer.quickfacts", "indexer.build", "indexer.evaluate", "indexer.querylog",
        "indexer.queries",
    ),
    ("indexer.terminal", "indexer.cli", "indexer.__main__", "indexer"),
    ("webapp",),
]  # fmt: skip
"""From the foundation up: a room imports itself and rooms above it in this list."""

OWNERS = {
    "whoosh": "indexer.engines.whoosh",
    "opensearchpy": "indexer.engines.opensearch",
    "flask": "webapp",
    "werkzeug": "webapp",
    "waitress": "webapp",
    "click": ("indexer.cli", "indexer.terminal"),
    "markdown": "indexer.profiles",
    "nh3": "indexer.profiles",
    "yaml": "indexer.profiles",
    "rapidfuzz": ("indexer.engines", "indexer.query"),
    "snowballstemmer": "indexer.text",
    "numpy": "indexer.engines",
}
"""Packages with the only rooms that import them."""

EXCEPTIONS = {("indexer.engines", "indexer.engines.whoosh.engine"), ("indexer.cli", "webapp.serve")}
"""Imports inside functions that choose an implementation when it is used."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Full names of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (
                f"{node.module}.{alias.name}"
                if (ROOT / str(node.module).replace(".", "/")).is_dir()
                else str(node.module)
                for alias in node.names
            )


def inside(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def place_of(module: str) -> int:
    """The place of the module's room; the most exact name decides."""
    found = [(len(room), place) for place, rooms in enumerate(ROOMS) for room in rooms if inside(module, room)]
    return max(found)[1]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_imports_only_its_own_room_and_rooms_above(path: Path) -> None:
    module = name_of(path)
    own = place_of(module)
    for imported in imports(path):
        if imported.split(".")[0] in ("indexer", "webapp") and (module, imported) not in EXCEPTIONS:
            assert place_of(imported) <= own, f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_imports_no_engine_but_its_own(path: Path) -> None:
    engines = ("indexer.engines.whoosh", "indexer.engines.opensearch")
    module = name_of(path)
    for imported in imports(path):
        for engine in engines:
            if inside(imported, engine):
                assert inside(module, engine) or module == "indexer.engines", f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_imports_only_packages_that_its_room_owns(path: Path) -> None:
    module = name_of(path)
    for imported in imports(path):
        owners = OWNERS.get(imported.split(".")[0], ())
        for_whom = (owners,) if isinstance(owners, str) else owners
        assert not for_whom or any(inside(module, owner) for owner in for_whom), f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_and_its_functions_are_short_and_take_few_parameters(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < MAX_FUNCTION_LINES, node.name
            command = any("command" in ast.unparse(decorator) for decorator in node.decorator_list)
            names = [
                argument.arg
                for argument in node.args.posonlyargs + node.args.args
                if argument.arg not in ("self", "cls")
            ]
            assert command or len(names) <= MAX_PARAMETERS, node.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_has_a_docstring_and_no_forgotten_work(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))
    assert not any(word in text for word in ("TODO", "FIXME", "XXX"))


def test_importing_everything_reads_no_setting_writes_no_file_and_starts_no_thread(tmp_path: Path) -> None:
    modules = [name_of(path) for path in MODULES if not path.name.startswith("__main__")]
    code = (
        "import importlib, sys, threading\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "opened = []\n"
        "def hook(name, arguments):\n"
        "    if name == 'open' and isinstance(arguments[1], str) and set(arguments[1]) & set('wax+'):\n"
        "        opened.append(arguments[0])\n"
        "    if name in ('socket.connect', 'subprocess.Popen', 'os.mkdir'):\n"
        "        opened.append((name, arguments))\n"
        "sys.addaudithook(hook)\n"
        f"for name in {modules!r}:\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except Exception as missing:\n"
        "        assert 'opensearch-py is not installed' in str(missing), (name, missing)\n"
        "assert not opened, opened\n"
        "assert threading.active_count() == 1\n"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True, env={"PATH": ""}, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_command_line_does_not_import_the_web_or_numpy_for_its_help(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport indexer.cli\n"
        "print(sorted({'flask', 'numpy', 'whoosh', 'markdown', 'pydantic'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["search", "pay"], ["status"]], ids=" ".join)
def test_a_command_that_reads_the_index_imports_nothing_that_only_writing_or_a_cluster_needs(
    settings: Settings, arguments: list[str]
) -> None:
    code = (
        "import sys\nfrom indexer.cli import main\n"
        f"main({[*arguments, '--index', settings.index]!r}, standalone_mode=False)\n"
        "needless = {'whoosh', 'markdown', 'yaml', 'nh3', 'ssl', 'concurrent.futures'}\n"
        "print(sorted(name for name in sys.modules if name in needless or 'opensearch' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout


def test_embedded_engine_imports_nothing_of_the_distributed_one(settings: Settings) -> None:
    code = (
        "import sys\n"
        "from indexer.config import Settings\n"
        "from indexer.engines import open_engine\n"
        "from webapp import create_app\n"
        f"settings = Settings(index={settings.index!r})\n"
        "assert create_app(settings).test_client().get('/search?q=pay').status_code == 200\n"
        "assert open_engine(settings).status().state == 'ok'\n"
        "print([name for name in sys.modules if 'opensearch' in name])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout
