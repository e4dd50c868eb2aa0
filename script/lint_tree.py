#!/usr/bin/python3
"""Rules for the tree: which folder's C may include which, that paths exist, and plain English.

script/lint_tree.py includes    includes of src/ point down, as ALLOWED says
script/lint_tree.py paths       every path of ours in README, CONTRIBUTING and the pages exists
script/lint_tree.py readmes     every folder of src/ says in ten lines what lives there
script/lint_tree.py routines    every routine of the schema engage has a place on a page of reference
script/lint_tree.py signatures  every C function that SQL calls stands below its SQL signature
script/lint_tree.py lengths     no file of C is longer than a reader can hold
script/lint_tree.py words       pages, comments in C and SQL, COMMENT ON texts and messages keep to everyday words
script/lint_tree.py comments    a COMMENT ON fits a screen of psql, and says something
script/lint_tree.py widths      the prose of pages, and all Python, is at most 120 columns wide
script/lint_tree.py quotes      strings of Python are in single quotes, unless they have one, or in three double ones

Prints 'file:line: finding' and exits 1 when there is one.
"""

import ast
import collections
import glob
import os
import re
import subprocess
import sys

# A folder's C may include its own headers and those of these folders.
ALLOWED = {
    'src': {'src/core'},
    'src/core': set(),
    'src/core/time': {'src/core'},
    'src/core/stats': {'src/core', 'src/core/time'},
    'src/core/identity': {'src/core', 'src/core/time'},
    'src/toolkit': {'src', 'src/core', 'src/core/time', 'src/core/stats', 'src/core/identity'},
    'src/register': {'src', 'src/core', 'src/core/time', 'src/core/stats', 'src/core/identity', 'src/toolkit'},
}
BUILT = {'engage_build.h'}
INCLUDE = re.compile(r'#include "([^"]+)"')

PROSE = ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/README.md', 'docs/**/*.md', 'src/**/README.md',
         'sql/README.md')
PYTHON = ('bench', 'dashboard', 'powerbi', 'report', 'script', 'test')
WIDTH = 120
# Lines of a C file.
LENGTH = 900
OURS = re.compile(r'`((?:src|sql|expected|test|docs|script|bench|dashboard|powerbi|report)/[^` ]*)`')
# Names that stand for others, and what only running makes.
INVENTED = re.compile(r'NAME|TOPIC|LAYER|OLD|NEW|PAGE|DIRECTORY|\.\.\.|bench/results|test/unit/build')

# A function in C, from its name and arguments to its symbol; and how it stands in C.
CREATED_FROM_C = re.compile(
    r"^CREATE FUNCTION \w+\.(\w+\((?:(?!^CREATE |\bLANGUAGE\b).)*?)\s*AS 'MODULE_PATHNAME', '(\w+)'",
    re.MULTILINE | re.DOTALL)
DECLARED = re.compile(r'^ENGAGE_FUNCTION\((\w+)\);\n(?=(Datum\n\1\(PG_FUNCTION_ARGS\)\n{)?)', re.MULTILINE)
COMMENT_ABOVE = re.compile(r'/\*((?:(?!\*/).)*)\*/\n\Z', re.DOTALL)
SIGNATURE = re.compile(r'\w+\(.*?\) RETURNS (?:SETOF )?\w+(?: precision)?(?:\[\])?')

# What people read does not say, and what to write instead.  Code is left out: blocks, `code`, strings without a blank.
WORDS = {
    r'\banew\b': 'again',
    r'\bforet(?:ell|old)\w*': 'predict',
    r'\bmend(?:s|ed|ing)?\b': 'fix',
    r'\bheed(?:s|ed|ing)?\b': 'take into account',
    r'(?<!there )\bis none\b': 'is not valid, or there is none',
    r'\bby lot\b': 'at random',
    r'\b(?:one|a) row an?(?: |$)': 'one row per',
    r'\b(?:is|are|be|been|was|were) told\b': 'is known, is shown, can be identified',
    r'\bwhose they are\b': 'who they belong to',
    r'\b(?:is|are) to be looked at\b': 'a person should check',
    r"\bnobody's\b": 'belongs to nobody',
    r'\bfor want of\b': 'without',
    r'\bas [^.;:|]{1,40} has it\b': 'as it says, as it uses',
    r'\bforemost\b': 'first',
    r'\bbut for\b': 'except',
    r'\b(?:is|are|not) at work\b': 'is running',
    r'\bspeaks? (?:for|against)\b': 'evidence for, reason against',
    r'\bheld against\b': 'compared with',
    r'\b(?:in the making|made ready)\b': 'being built, prepared',
    r'\b(?:tells (?:nothing|who|whether|which|what)|told (?:apart|from))\b': 'shows, distinguishes',
    r'\bneeds? (?:a|an|the) (?:reason|source|name|note)\b': 'name the fault: "there is no reason"',
}
TOKEN_OF_C = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/', re.DOTALL)
TOKEN_OF_SQL = re.compile(r"'(?:[^']|'')*'|/\*.*?\*/|--[^\n]*(?:\n[ \t]*--[^\n]*)*", re.DOTALL)
COMMENT_ON = re.compile(r"COMMENT ON ([^']*?) IS\s+((?:'(?:[^']|'')*'\s*)+);")
COMMENT_LENGTH = range(12, 501)
MARGIN = re.compile(r'\s*\n\s*(?:\*(?!/)|--)?\s*')

CREATED = re.compile(r'^CREATE (?:FUNCTION|PROCEDURE|AGGREGATE) engage\.(\w+)', re.MULTILINE)


def lines(path):
    with open(path, encoding='utf-8') as file:
        yield from enumerate(file, 1)


def pages():
    return sorted({page for pattern in PROSE for page in glob.glob(pattern, recursive=True)})


def includes():
    for path in sorted(glob.glob('src/**/*.[ch]', recursive=True) + glob.glob('src/**/*.cpp', recursive=True)):
        folder = os.path.dirname(path)
        for line, text in lines(path):
            match = INCLUDE.match(text)
            if match is None or match.group(1) in BUILT:
                continue
            target = os.path.join('src', match.group(1))
            if not os.path.exists(target):
                if folder.startswith('src/core'):
                    yield f'{path}:{line}: the core includes {match.group(1)}, which is not of it'
            elif os.path.dirname(target) not in ALLOWED[folder] | {folder}:
                yield f'{path}:{line}: {folder} may not include {match.group(1)}'


def paths():
    for path in pages():
        for line, text in lines(path):
            for name in OURS.findall(text):
                if not INVENTED.search(name) and not glob.glob(name):
                    yield f'{path}:{line}: there is no {name}'


def readmes():
    folders = {os.path.dirname(path) for path in glob.glob('src/**/*.*', recursive=True) if os.path.isfile(path)}
    for folder in sorted(folders):
        page = os.path.join(folder, 'README.md')
        if not os.path.exists(page):
            yield f'{folder}: there is no README.md'
        elif sum(1 for _ in lines(page)) > 10:
            yield f'{page}:11: more than ten lines'


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def routines():
    mentioned = set(re.findall(r'\w+', ' '.join(read(path) for path in glob.glob('docs/reference/*.md'))))
    for path in sorted(glob.glob('src/sql/*/*.sql')):
        for name in CREATED.findall(read(path)):
            if name not in mentioned:
                yield f'{path}: no page of docs/reference has {name}'


def signature(created):
    """A function as the comment above its C has it: no schema, no default, no OUT argument."""
    name, arguments, returned = re.fullmatch(r'(\w+)\((.*)\)(?:\s+RETURNS\s+(.*))?', created, re.DOTALL).groups()
    # no default has a comma or bracket that does not stand in quotes
    arguments = [' '.join(a.split()) for a in re.split(r",(?=(?:[^']*'[^']*')*[^']*$)", arguments)]
    arguments = [re.sub(r' DEFAULT .*', '', a) for a in arguments if not a.startswith('OUT ')]
    text = f"{name}({', '.join(arguments)}) RETURNS {' '.join((returned or 'record').split())}"
    return re.sub(r'\b(?:engage|engage_internal|pg_catalog)\.', '', text)


def sql_signatures():
    """The signatures that src/sql gives to each symbol of C."""
    found = collections.defaultdict(set)
    for path in sorted(glob.glob('src/sql/*/*.sql')):
        for created, symbol in CREATED_FROM_C.findall(read(path)):
            found[symbol].add(signature(created))
    return found


def signatures():
    created = sql_signatures()
    for path in sorted(glob.glob('src/**/*.c', recursive=True)):
        text = read(path)
        for match in DECLARED.finditer(text):
            line = text.count('\n', 0, match.start()) + 1
            symbol = match.group(1)
            if match.group(2) is None:
                yield f'{path}:{line}: {symbol} is not defined in the next line'
            above = COMMENT_ABOVE.search(text[:match.start()])
            written = set(SIGNATURE.findall(re.sub(r'\s+(?:\*\s+)?', ' ', above.group(1)))) if above else set()
            for wanted in sorted(created[symbol] - written):
                yield f'{path}:{line}: the comment above {symbol} lacks: {wanted}'
            for unknown in sorted(written - created[symbol]):
                yield f'{path}:{line}: src/sql does not create from {symbol}: {unknown}'
            if not created[symbol]:
                yield f'{path}:{line}: src/sql creates nothing from {symbol}'


def prose(path):
    """Yield the lines of a page with its blocks of code left out."""
    in_code = False
    for line, text in lines(path):
        if text.lstrip().startswith('```'):
            in_code = not in_code
        elif not in_code and not text.startswith('    '):
            yield line, text.rstrip()


def sentences(path, token):
    """Yield the comments of a source file, and its strings that have a blank in them."""
    source = read(path)
    for match in token.finditer(source):
        text = match.group()
        if text[0] in '/-' or ' ' in text:
            yield source.count('\n', 0, match.start()) + 1, MARGIN.sub(' ', text)


def comments():
    for path in sorted(glob.glob('src/**/*.sql', recursive=True)):
        source = read(path)
        for match in COMMENT_ON.finditer(source):
            length = len(re.sub(r"'\s*'", '', match.group(2).replace("''", '"')).strip()) - 2
            if length not in COMMENT_LENGTH:
                line = source.count('\n', 0, match.start()) + 1
                yield f'{path}:{line}: a comment of {length} letters on {match.group(1)}'


def words():
    unwanted = [(re.compile(word, re.IGNORECASE), instead) for word, instead in WORDS.items()]
    texts = [(path, prose(path)) for path in pages()]
    for ending, token in {'c': TOKEN_OF_C, 'h': TOKEN_OF_C, 'cpp': TOKEN_OF_C, 'sql': TOKEN_OF_SQL}.items():
        texts += [(path, sentences(path, token)) for path in sorted(glob.glob(f'src/**/*.{ending}', recursive=True))]
    for path, found in texts:
        for line, text in found:
            for word, instead in unwanted:
                for match in word.finditer(re.sub(r'`[^`]*`', '', text)):
                    yield f'{path}:{line}: "{match.group().strip()}": write: {instead}'


def python_files():
    """The Python that git tracks, by its name or by its first line."""
    tracked = subprocess.run(['git', 'ls-files', '-z', '--', *PYTHON], check=True, capture_output=True, text=True)
    for path in tracked.stdout.rstrip('\0').split('\0'):
        if path.endswith('.py'):
            yield path
        elif os.path.isfile(path) and not os.path.splitext(path)[1]:
            with open(path, 'rb') as file:
                if re.match(rb'#!.*python', file.readline()):
                    yield path


def widths():
    for path in python_files():
        yield from too_wide(path, lines(path))
    for path in pages():
        yield from too_wide(path, ((line, text) for line, text in prose(path) if not text.startswith('|')))


def too_wide(path, numbered):
    for line, text in numbered:
        if len(text.rstrip('\n')) > WIDTH:
            yield f'{path}:{line}: {len(text.rstrip())} columns'


def strings(node):
    """Yield the strings under a node; those inside another's braces must differ from it, and are left out."""
    if isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    else:
        for child in ast.iter_child_nodes(node):
            yield from strings(child)


def quotes():
    for path in python_files():
        source = read(path)
        for node in strings(ast.parse(source)):
            text = ast.get_source_segment(source, node)
            if re.match(r'\w*\'{3}', text) or re.match(r'\w*"(?!"")', text) and "'" not in text:
                yield f'{path}:{node.lineno}: not in single quotes, or in three of them'


def lengths():
    patterns = ('src/**/*.[ch]', 'src/**/*.cpp', 'test/unit/*.[ch]')
    for path in sorted(path for pattern in patterns for path in glob.glob(pattern, recursive=True)):
        n = sum(1 for _ in lines(path))
        if n > LENGTH:
            yield f'{path}:{LENGTH + 1}: {n} lines; split it at a ruler'


def main():
    checks = (includes, paths, readmes, routines, signatures, lengths, words, comments, widths, quotes)
    findings = list({check.__name__: check for check in checks}[sys.argv[1]]())
    print('\n'.join(findings))
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
