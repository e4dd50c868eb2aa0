#!/usr/bin/python3
"""Rules for the parts of the install scripts (src/sql, src/demo).

An install script runs as superuser in somebody else's database, so each rule
closes a known hole: nothing is created under a name that search_path chooses,
nothing that was there before is replaced or accepted, no function runs on its
caller's search_path.  The rest keeps the interface complete: every function
says what the planner may do with it, every object says what it is.

Prints 'file:line: finding' and exits 1 when there is one.  Needs Debian's
python3-pglast, PostgreSQL's own parser.
"""

import glob
import re
import sys

from pglast import ast, parse_sql
from pglast.enums import FunctionParameterMode, ObjectType
from pglast.parser import ParseError

# Procedures that COMMIT cannot have a SET clause; they qualify every name.
COMMITTING = {
    'engage.refresh',
    'engage.rebuild',
}

# A function fits a screen, from CREATE to the end of its body.  These do not yet;
# a limit here may only get lower, and go.
MAX_LINES = 60
LONGER = {
    'engage.back_test_grid': 61,
    'engage_internal.learn_risk': 66,
    'engage.load_contacts': 62,
    'engage.lookup': 82,
    'engage_internal.recount_personas': 78,
    'engage_internal.suspected_fillers': 62,
    'engage_internal.write_callers': 68,
    'engage_demo.ordinary_events': 118,
    'engage_demo.settle': 62,
    'engage_demo.write_contacts': 124,
}

# What the script's own search_path makes noise.
NOISE = re.compile(r'OPERATOR\(pg_catalog\.')

# Points of functions at which the tests in test/t put SQL, and the lists of them there.
POINT = re.compile(r'/\* point: (.*?) \*/')
POINTS_OF_TESTS = 'test/t/EngageTest.pm'
POINT_LIST = re.compile(r'^our @\w+_POINTS = \((.*?)\);', re.DOTALL | re.MULTILINE)

PARTS = ('src/sql/*/*.sql', 'src/demo/*.sql')

# Statements that name their object in a field of their own.
LIST_NAMED = {
    'CompositeTypeStmt': ('typevar', 'type'),
    'CreateDomainStmt': ('domainname', 'type'),
    'CreateEnumStmt': ('typeName', 'type'),
    'CreateRangeStmt': ('typeName', 'type'),
    'CreateFunctionStmt': ('funcname', 'function'),
    'CreateOpClassStmt': ('opclassname', 'operator class'),
    'CreateOpFamilyStmt': ('opfamilyname', 'operator family'),
    'CreateSeqStmt': ('sequence', 'sequence'),
    'CreateStatsStmt': ('defnames', 'statistics'),
    'CreateStmt': ('relation', 'table'),
    'CreateTrigStmt': ('relation', 'trigger on table'),
    'DefineStmt': ('defnames', None),
    'IndexStmt': ('relation', 'index on table'),
    'RuleStmt': ('relation', 'rule on table'),
    'ViewStmt': ('view', 'view'),
}

DEFINED = {
    'OBJECT_AGGREGATE': 'function',
    'OBJECT_TYPE': 'type',
    'OBJECT_OPERATOR': 'operator',
    'OBJECT_COLLATION': 'collation',
}

# What must have a COMMENT ON, by COMMENT ON's name for it.  An operator is
# explained by its function.
COMMENTED = {
    'OBJECT_AGGREGATE': 'function',
    'OBJECT_FUNCTION': 'function',
    'OBJECT_PROCEDURE': 'function',
    'OBJECT_ROUTINE': 'function',
    'OBJECT_TYPE': 'type',
    'OBJECT_DOMAIN': 'type',
    'OBJECT_TABLE': 'table',
    'OBJECT_VIEW': 'view',
    'OBJECT_MATVIEW': 'view',
}

COMMITS = re.compile(r'\bCOMMIT\b', re.IGNORECASE)
DEFINER = re.compile(r'^-- definer: \S', re.MULTILINE)
COMMENT_OR_BLANK = re.compile(r'\s*(--[^\n]*\n|/\*.*?\*/)', re.DOTALL)


def dotted(name):
    """A name from the parser, as schema.object; lists and RangeVars alike."""
    if name is None:
        return ''
    if isinstance(name, ast.RangeVar):
        return '.'.join(filter(None, (name.schemaname, name.relname)))
    return '.'.join(part.sval for part in name)


def type_name(node):
    """A type so that int and integer, text and pg_catalog.text compare equal."""
    name = dotted(node.names)
    if name.startswith('pg_catalog.'):
        name = name[len('pg_catalog.'):]
    return name + '[]' * len(node.arrayBounds or ())


def signature(parameters):
    """The types of the arguments that a call passes."""
    outputs = (FunctionParameterMode.FUNC_PARAM_OUT, FunctionParameterMode.FUNC_PARAM_TABLE)
    return tuple(type_name(p.argType) for p in parameters or () if p.mode not in outputs)


def definition(stmt):
    """The options of a DefineStmt or CreateFunctionStmt, by lower-case name."""
    found = stmt.definition if isinstance(stmt, ast.DefineStmt) else stmt.options
    return {option.defname.lower(): option.arg for option in found or ()}


class Part:
    """One file of the install script."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding='utf-8') as file:
            text = file.read()
        # psql's own commands stay for the line numbers, as comments
        self.text = re.sub(r'^\\', '--', text, flags=re.MULTILINE)
        # the parser counts bytes
        self.bytes = self.text.encode()
        self.findings = []

    def statements(self):
        """Every statement, with the comments above it, the line it is on and how many it has."""
        begin = 0
        for raw in parse_sql(self.text):
            # some versions of the parser count the comments to the statement
            end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(self.bytes)
            source = self.bytes[begin:end].decode()
            lead = re.match(r'\s*;?', source).end()
            while (match := COMMENT_OR_BLANK.match(source, lead)):
                lead = match.end()
            lead += len(source[lead:]) - len(source[lead:].lstrip())
            line = self.bytes[:begin].count(b'\n') + source[:lead].count('\n') + 1
            yield raw.stmt, source[:lead], line, source[lead:].rstrip().count('\n') + 1
            begin = end

    def report(self, line, finding):
        self.findings.append(f'{self.path}:{line}: {finding}')


class Lint:
    """All parts of one extension; comments may be in a later part."""

    def __init__(self, paths):
        self.parts = [Part(path) for path in paths]
        self.created = []       # (part, line, kind, name, signature)
        self.comments = set()   # (kind, name, signature or None)
        self.longest = {}       # lines of a function by its name

    def run(self):
        for part in self.parts:
            for line, text in enumerate(part.text.split('\n'), 1):
                if NOISE.search(text):
                    part.report(line, 'OPERATOR(pg_catalog...) where search_path already rules')
            try:
                for stmt, lead, line, length in part.statements():
                    self.statement(part, stmt, lead, line, length)
            except ParseError as error:
                part.report(1, f'cannot be parsed: {error}')
        self.missing_comments()
        self.missing_length()
        return [finding for part in self.parts for finding in part.findings]

    def statement(self, part, stmt, lead, line, length):
        if getattr(stmt, 'replace', False):
            part.report(line, 'OR REPLACE takes over what may not be ours')
        if getattr(stmt, 'if_not_exists', False):
            part.report(line, 'IF NOT EXISTS accepts what may not be ours')
        if isinstance(stmt, ast.CommentStmt):
            self.comment(part, stmt, line)
        elif isinstance(stmt, ast.CreateTableAsStmt):
            self.create(part, line, 'view' if is_matview(stmt) else 'table', dotted(stmt.into.rel))
        elif type(stmt).__name__ in LIST_NAMED:
            self.named(part, stmt, lead, line, length)

    def named(self, part, stmt, lead, line, length):
        field, kind = LIST_NAMED[type(stmt).__name__]
        name = dotted(getattr(stmt, field))
        arguments = None
        if isinstance(stmt, ast.CreateFunctionStmt):
            arguments = signature(stmt.parameters)
            self.function(part, stmt, lead, line, name, length)
        elif isinstance(stmt, ast.DefineStmt):
            kind = DEFINED.get(stmt.kind.name, 'object')
            arguments = self.defined(part, stmt, line, name)
        self.create(part, line, kind, name, arguments)

    def defined(self, part, stmt, line, name):
        options = definition(stmt)
        if stmt.kind == ObjectType.OBJECT_AGGREGATE:
            if 'parallel' not in options:
                part.report(line, f'aggregate {name} does not say PARALLEL')
            return signature(stmt.args[0])
        if stmt.kind == ObjectType.OBJECT_OPERATOR:
            return tuple(type_name(options[side]) for side in ('leftarg', 'rightarg') if side in options)
        return None

    def create(self, part, line, kind, name, arguments=None):
        if '.' not in name:
            part.report(line, f'{kind} {name} is not qualified with its schema')
        self.created.append((part, line, kind, name, arguments))

    def function(self, part, stmt, lead, line, name, length):
        options = definition(stmt)
        self.length(part, line, name, length)
        if not stmt.is_procedure:
            if 'volatility' not in options:
                part.report(line, f'function {name} does not say IMMUTABLE, STABLE or VOLATILE')
            # no query calls a trigger's function
            if 'parallel' not in options and not is_trigger(stmt):
                part.report(line, f'function {name} does not say PARALLEL')
        definer = 'security' in options and truth(options['security'])
        if definer and not DEFINER.search(lead):
            part.report(line, f'{name} is SECURITY DEFINER without a line "-- definer: why" above')
        if (definer or options['language'].sval == 'plpgsql') and not sets_search_path(stmt):
            if not may_commit(stmt, name, options):
                part.report(line, f'{name} does not SET search_path')

    def length(self, part, line, name, length):
        """A name that several functions have goes by the longest."""
        self.longest[name] = max(length, self.longest.get(name, 0))
        limit = LONGER.get(name, MAX_LINES)
        if length > limit:
            part.report(line, f'{name} has {length} lines, more than {limit}')

    def missing_length(self):
        for name, limit in LONGER.items():
            found = self.longest.get(name)
            if found is not None and found < limit:
                instead = ': LONGER of lint_sql.py can be lowered' if found > MAX_LINES else (
                    ' and need not be in LONGER of lint_sql.py')
                self.parts[0].report(1, f'{name} has {found} lines{instead}')

    def comment(self, part, stmt, line):
        kind = COMMENTED.get(stmt.objtype.name)
        if kind is None:
            return
        target, arguments = stmt.object, None
        if isinstance(target, ast.ObjectWithArgs):
            name = dotted(target.objname)
            if not target.args_unspecified:
                listed = target.objfuncargs
                arguments = signature(listed) if listed else tuple(
                    type_name(a) for a in target.objargs or () if a is not None)
        else:
            name = dotted(target.names if isinstance(target, ast.TypeName) else target)
        if '.' not in name:
            part.report(line, f'comment on {name}, which is not qualified')
        if not stmt.comment:
            part.report(line, f'the comment on {name} is empty')
        self.comments.add((kind, name, arguments))

    def missing_comments(self):
        kinds = set(COMMENTED.values())
        seen = set()
        for part, line, kind, name, arguments in self.created:
            if kind not in kinds or (kind, name, arguments) in seen:
                continue
            seen.add((kind, name, arguments))
            if (kind, name, arguments) in self.comments:
                continue
            namesakes = [c for c in self.created if c[2] == kind and c[3] == name]
            if (kind, name, None) in self.comments and len(namesakes) == 1:
                continue
            shown = '' if arguments is None else '(' + ', '.join(arguments) + ')'
            part.report(line, f'{kind} {name}{shown} has no COMMENT ON')


def points():
    """Named points at which tests put SQL into functions: product and EngageTest.pm list the same ones, all used."""
    product = {}
    for path in sorted(glob.glob('src/sql/*/*.sql')):
        for line, text in enumerate(open(path, encoding='utf-8'), 1):
            for name in POINT.findall(text):
                if name in product:
                    yield f'{path}:{line}: point "{name}" is also in {product[name]}'
                product[name] = f'{path}:{line}'
    texts = {path: open(path, encoding='utf-8').read() for path in glob.glob('test/t/*.p[lm]')}
    waits, others = (set(re.findall("'(.*)'", names)) for names in POINT_LIST.findall(texts[POINTS_OF_TESTS]))
    for name in sorted(product.keys() - waits - others):
        yield f'{product[name]}: point "{name}" is not listed in {POINTS_OF_TESTS}'
    for name in sorted((waits | others) - product.keys()):
        yield f'{POINTS_OF_TESTS}:1: point "{name}" is not in src/sql'
    for name in sorted(others):
        if not any(f"'{name}'" in text for path, text in texts.items() if path != POINTS_OF_TESTS):
            yield f'{POINTS_OF_TESTS}:1: no test uses point "{name}"'


def is_matview(stmt):
    return stmt.objtype == ObjectType.OBJECT_MATVIEW


def is_trigger(stmt):
    return stmt.returnType is not None and type_name(stmt.returnType) == 'trigger'


def truth(value):
    return bool(getattr(value, 'boolval', getattr(value, 'ival', False)))


def sets_search_path(stmt):
    return any(o.defname == 'set' and o.arg.name == 'search_path' for o in stmt.options)


def may_commit(stmt, name, options):
    """A procedure of the list that does COMMIT, as PostgreSQL wants it."""
    body = ''.join(part.sval for part in options.get('as') or ())
    return stmt.is_procedure and name in COMMITTING and bool(COMMITS.search(body))


def main():
    findings = []
    for pattern in PARTS:
        findings += Lint(sorted(glob.glob(pattern))).run()
    findings += points()
    print('\n'.join(findings))
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
