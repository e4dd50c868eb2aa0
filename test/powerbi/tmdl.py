"""Reads TMDL, and says what is wrong with it.

Knows what the model of powerbi/ uses of the grammar: a line is an object
(keyword, name, optionally = expression), a property (name: value or a flag), a
/// description, or part of an expression; tabs tell what belongs to what.
"""
import re

# object: (objects it may stand in, properties with a value, flags)
GRAMMAR = {
    'database': ((None,), {'compatibilityLevel'}, set()),
    'model': ((None,), {'culture', 'defaultPowerBIDataSourceVersion'}, {'discourageImplicitMeasures'}),
    'expression': ((None,), set(), set()),
    'relationship': ((None,), {'fromColumn', 'toColumn', 'isActive'}, {'relyOnReferentialIntegrity'}),
    'cultureInfo': ((None,), set(), set()),
    'role': ((None,), {'modelPermission'}, set()),
    'tablePermission': (('role',), set(), set()),
    'table': ((None,), {'dataCategory'}, {'isHidden'}),
    'column': (('table',), {'dataType', 'formatString', 'summarizeBy', 'sourceColumn', 'sortByColumn'},
               {'isHidden', 'isKey'}),
    'measure': (('table',), {'formatString', 'displayFolder'}, {'isHidden'}),
    'partition': (('table',), {'mode'}, set()),
    'ref': ((None,), set(), set()),
}
NEEDED = {
    'column': {'dataType', 'sourceColumn', 'summarizeBy'}, 'relationship': {'fromColumn', 'toColumn'},
    'role': {'modelPermission'},
}
VALUES = {
    'dataType': {'string', 'int64', 'double', 'decimal', 'dateTime', 'boolean', 'binary'},
    'summarizeBy': {'none', 'sum'}, 'mode': {'import', 'directQuery'}, 'modelPermission': {'read', 'none'},
    'dataCategory': {'Time'},
}
WITH_EXPRESSION = {'measure', 'expression', 'tablePermission', 'partition'}
NAME = r"'(?:[^']|'')+'|[\w.-]+"


class Node:
    def __init__(self, kind, name, value, line, parent):
        self.kind, self.name, self.value, self.line, self.parent = kind, name, value, line, parent
        self.properties, self.children, self.description = {}, [], None


def unquoted(name):
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def parse(text, path, problems):
    """The objects of a file; what breaks the grammar goes to problems."""
    root = Node(None, None, None, 0, None)
    stack, description = [(-1, root)], None
    lines = text.split('\n')
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip('\t'))
        content = line[depth:]
        where = f'{path}:{number}'
        if content.startswith(' '):
            problems.append(f'{where}: indented with spaces')
        if content.startswith('///'):
            description = content[3:].strip()
            continue
        if content.startswith('//'):
            problems.append(f'{where}: TMDL has no comments, only /// descriptions')
            continue
        while stack[-1][0] >= depth:
            stack.pop()
        parent = stack[-1][1]
        if depth != stack[-1][0] + 1:
            problems.append(f'{where}: indented by {depth} tabs, in {parent.kind or "the file"}')
        word = re.match(r'\w+', content)
        word = word.group() if word else ''
        if parent.kind == 'partition' and content == 'source =':
            body = []
            while number < len(lines) and (not lines[number].strip() or lines[number].startswith('\t' * (depth + 2))):
                body.append(lines[number].strip())
                number += 1
            parent.properties['source'] = '\n'.join(body).strip()
        elif word in GRAMMAR and not content.startswith(word + ':'):
            node = read_object(content, word, parent, number, where, problems)
            node.description, description = description, None
            parent.children.append(node)
            stack.append((depth, node))
        else:
            read_property(content, parent, where, problems)
    return root.children


def read_object(content, word, parent, number, where, problems):
    if parent.kind not in GRAMMAR[word][0]:
        problems.append(f'{where}: {word} in {parent.kind}')
    if word == 'ref':
        m = re.fullmatch(rf'ref (table|role|cultureInfo) ({NAME})', content)
    elif word == 'database':
        m = re.fullmatch(r'(database)()', content)
    else:
        m = re.fullmatch(rf'({word}) ({NAME})(?: = (.+))?', content)
    if not m:
        problems.append(f'{where}: not a TMDL {word}: {content}')
        return Node(word, content, None, number, parent)
    value = m.group(3) if m.lastindex and m.lastindex > 2 else None
    if (value is not None) != (word in WITH_EXPRESSION):
        problems.append(f'{where}: {word} {"without" if value is None else "with"} an expression')
    return Node(word if word != 'ref' else 'ref ' + m.group(1), unquoted(m.group(2)), value, number, parent)


def read_property(content, parent, where, problems):
    m = re.fullmatch(r'(\w+)(?:: (.*))?', content)
    _, valued, flags = GRAMMAR.get(parent.kind, ((), set(), set()))
    if not m or m.group(1) not in (flags if m.group(2) is None else valued):
        problems.append(f'{where}: {content} is nothing that {parent.kind or "a file"} has')
        return
    name, value = m.groups()
    if name in parent.properties:
        problems.append(f'{where}: {name} twice')
    if name in VALUES and value not in VALUES[name]:
        problems.append(f'{where}: {name} cannot be {value}')
    parent.properties[name] = value


def lint(files):
    """Problems of the files of a model, {path: text}."""
    problems, nodes = [], []
    for path, text in sorted(files.items()):
        if '\r' in text or not text.endswith('\n'):
            problems.append(f'{path}: lines must end in one newline, the last too')
        nodes += parse(text, path, problems)
    tables = {n.name: n for n in nodes if n.kind == 'table'}
    columns = {(t.name, c.name): c for t in tables.values() for c in t.children if c.kind == 'column'}
    measures = {}
    for node in every(nodes):
        missing = NEEDED.get(node.kind, set()) - set(node.properties)
        if missing:
            problems.append(f'{node.kind} {node.name}: no {", ".join(sorted(missing))}')
        names = [c.name.lower() for c in node.children if c.kind in ('column', 'measure')]
        problems += [f'table {node.name}: {name} twice' for name in sorted({n for n in names if names.count(n) > 1})]
    for table in tables.values():
        if not any(c.kind == 'partition' and c.properties.get('source') for c in table.children):
            problems.append(f'table {table.name}: no partition')
        if f'definition/tables/{table.name}.tmdl' not in files:
            problems.append(f'table {table.name}: not in a file of its name')
        for measure in (c for c in table.children if c.kind == 'measure'):
            if measure.name in measures:
                problems.append(f'measure {measure.name}: twice')
            measures[measure.name] = measure
            if not measure.description:
                problems.append(f'measure {measure.name}: no description')
    for column in columns.values():
        other = column.properties.get('sortByColumn')
        if other and (column.parent.name, unquoted(other)) not in columns:
            problems.append(f'column {column.name}: sorted by {other}, which is no column')
    for kind, there in (('table', set(tables)), ('role', {n.name for n in nodes if n.kind == 'role'})):
        referred = {n.name for n in nodes if n.kind == f'ref {kind}'}
        problems += [f'{kind} {name}: in the model file or in a file of its own, not both'
                     for name in sorted(there ^ referred)]
    for relation in (n for n in nodes if n.kind == 'relationship'):
        for end in ('fromColumn', 'toColumn'):
            m = re.fullmatch(rf'({NAME})\.({NAME})', relation.properties.get(end, ''))
            if not m or (unquoted(m.group(1)), unquoted(m.group(2))) not in columns:
                problems.append(f'relationship {relation.name}: {end} is no column')
    for node in every(nodes):
        if node.kind == 'measure' or node.kind == 'tablePermission':
            problems += [f'{node.kind} {node.name}: {p}'
                         for p in dax_problems(node.value or '', columns, measures, tables, node)]
            if node.kind == 'tablePermission' and node.name not in tables:
                problems.append(f'tablePermission {node.name}: no such table')
    return problems, tables, columns, measures


def every(nodes):
    for node in nodes:
        yield node
        yield from every(node.children)


def dax_problems(dax, columns, measures, tables, node):
    bare = re.sub(r'"[^"]*"', '""', dax)
    if dax.count('"') % 2:
        yield 'a quotation mark is not closed'
    depth = 0
    for c in bare:
        depth += (c == '(') - (c == ')')
        if depth < 0:
            break
    if depth:
        yield 'brackets do not match'
    for table, name in re.findall(r"('[^']+'|\w+)?\[([^\]]+)\]", bare):
        if table and (unquoted(table), name) not in columns:
            yield f'{table}[{name}] is no column'
        if not table and name not in measures:
            yield f'[{name}] is no measure'
    for table in re.findall(r"'([^']+)'", bare):
        if table not in tables:
            yield f"'{table}' is no table"
