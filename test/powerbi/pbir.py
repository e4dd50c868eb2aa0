"""Reads the JSON files of a Power BI project, and says what is wrong with them.

Knows the part of the format that the project uses.  A shape is a type, a set
of values, a pattern, a list of one shape, or an object's members; a member
with '?' may be absent, and none but those named may be there.
"""
import json
import re

PUBLISHED = 'https://developer.microsoft.com/json-schemas/fabric/'
NAME = re.compile(r'[\w-]{1,50}')
UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
NUMBER = (int, float)

TEXT_LITERAL = {'expr': {'Literal': {'Value': re.compile(r"'(?:[^']|'')*'")}}}
FLAG_LITERAL = {'expr': {'Literal': {'Value': {'true', 'false'}}}}
REFERENCE = {'Expression': {'SourceRef': {'Entity': str}}, 'Property': str}
FIELD = {'Column?': REFERENCE, 'Measure?': REFERENCE}
PROJECTIONS = {'projections': [{'field': FIELD, 'queryRef': str, 'nativeQueryRef': str}]}

# the roles that each kind of visual must have, and may have
ROLES = {
    'card': ({'Values'}, set()), 'slicer': ({'Values'}, set()), 'tableEx': ({'Values'}, set()),
    'pivotTable': ({'Rows', 'Values'}, {'Columns'}), 'lineChart': ({'Category', 'Y'}, {'Series'}),
    'clusteredColumnChart': ({'Category', 'Y'}, {'Series'}), 'clusteredBarChart': ({'Category', 'Y'}, {'Series'}),
    'textbox': (set(), set()),
}
COLUMN_OF = {'Column': {'Expression': {'SourceRef': {'Source': str}}, 'Property': str}}
FILTERS = {'filters': [{
    'name': NAME, 'field': FIELD, 'type': {'Categorical'}, 'howCreated': {'User'}, 'filter': {
        'Version': int, 'From': [{'Name': str, 'Entity': str, 'Type': int}],
        'Where': [{'Condition': {'In': {'Expressions': [COLUMN_OF], 'Values': [[FLAG_LITERAL['expr']]]}}}]}}]}
VISUAL = {
    'name': NAME,
    'filterConfig?': FILTERS,
    'position': {'x': NUMBER, 'y': NUMBER, 'z': NUMBER, 'width': NUMBER, 'height': NUMBER, 'tabOrder': int},
    'visual': {
        'visualType': set(ROLES),
        'query?': {
            'queryState': {role + '?': PROJECTIONS
                           for role in ('Values', 'Rows', 'Columns', 'Category', 'Series', 'Y')},
            'sortDefinition?': {'sort': [{'field': FIELD, 'direction': {'Ascending', 'Descending'}}]},
        },
        'objects?': {'general': [{'properties': {'paragraphs': [{'textRuns': [{'value': str}]}]}}]},
        'visualContainerObjects': {
            'title?': [{'properties': {'show': FLAG_LITERAL, 'text': TEXT_LITERAL}}],
            'general': [{'properties': {'altText': TEXT_LITERAL}}],
        },
        'drillFilterOtherVisuals': bool,
    },
}

# pattern of the path: (published schema, shape)
KINDS = {
    r'Engage\.pbip': ('pbip/pbipProperties/1.0.0', {
        'version': {'1.0'}, 'artifacts': [{'report': {'path': {'Engage.Report'}}}],
        'settings': {'enableAutoRecovery': bool}}),
    r'Engage\.SemanticModel/definition\.pbism': ('item/semanticModel/definitionProperties/1.0.0', {
        'version': {'4.2'}, 'settings': {}}),
    r'Engage\.(Report|SemanticModel)/\.platform': ('gitIntegration/platformProperties/2.0.0', {
        'metadata': {'type': {'Report', 'SemanticModel'}, 'displayName': str},
        'config': {'version': {'2.0'}, 'logicalId': UUID}}),
    r'Engage\.Report/definition\.pbir': ('item/report/definitionProperties/2.0.0', {
        'version': {'4.0'}, 'datasetReference': {'byPath': {'path': {'../Engage.SemanticModel'}}}}),
    r'Engage\.Report/definition/version\.json': ('item/report/definition/versionMetadata/1.0.0', {
        'version': {'2.0.0'}}),
    r'Engage\.Report/definition/report\.json': ('item/report/definition/report/3.0.0', {
        'themeCollection': {'customTheme': {
            'name': str, 'type': {'RegisteredResources'},
            'reportVersionAtImport': {'visual': str, 'report': str, 'page': str}}},
        'resourcePackages': [{
            'name': str, 'type': {'RegisteredResources'},
            'items': [{'name': str, 'path': str, 'type': {'CustomTheme'}}]}],
        'settings': {'useStylableVisualContainerHeader': bool}}),
    r'Engage\.Report/definition/pages/pages\.json': ('item/report/definition/pagesMetadata/1.0.0', {
        'pageOrder': [NAME], 'activePageName': NAME}),
    r'Engage\.Report/definition/pages/[^/]+/page\.json': ('item/report/definition/page/2.0.0', {
        'name': NAME, 'displayName': str, 'displayOption': {'FitToPage', 'FitToWidth', 'ActualSize'},
        'height': NUMBER, 'width': NUMBER}),
    r'Engage\.Report/definition/pages/[^/]+/visuals/[^/]+/visual\.json': (
        'item/report/definition/visualContainer/2.1.0', VISUAL),
}
UNCHECKED = re.compile(r'(\.pbids|\.tmdl|\.gitignore|StaticResources/.*)')


def misshapen(value, shape, path=''):
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f'{path}: not an object'
            return
        members = {m.rstrip('?'): s for m, s in shape.items()}
        yield from (f'{path}/{m}: no such member' for m in value if m not in members)
        yield from (f'{path}/{m}: missing' for m in shape if not m.endswith('?') and m not in value)
        for member in value.keys() & members.keys():
            yield from misshapen(value[member], members[member], f'{path}/{member}')
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f'{path}: not a list of at least one'
            return
        for i, item in enumerate(value):
            yield from misshapen(item, shape[0], f'{path}/{i}')
    elif isinstance(shape, set):
        if value not in shape:
            yield f'{path}: {value!r} is none of {sorted(shape)}'
    elif isinstance(shape, re.Pattern):
        if not isinstance(value, str) or not shape.fullmatch(value):
            yield f'{path}: {value!r} does not match'
    elif not isinstance(value, shape) or isinstance(value, bool) != (shape is bool):
        yield f'{path}: {value!r} is of another type'


def kind_of(path):
    return next((k for pattern, k in KINDS.items() if re.fullmatch(pattern, path)), None)


def fields(visual):
    """(Column or Measure, table, name) of each field that a visual shows or is sorted by."""
    query = visual['visual'].get('query', {})
    used = [p['field'] for role in query.get('queryState', {}).values() for p in role['projections']]
    used += [s['field'] for s in query.get('sortDefinition', {}).get('sort', [])]
    return [(kind, ref['Expression']['SourceRef']['Entity'], ref['Property']) for f in used for kind, ref in f.items()]


def visual_problems(path, visual, page):
    kind, query = visual['visual']['visualType'], visual['visual'].get('query', {})
    needed, allowed = ROLES[kind]
    roles = set(query.get('queryState', {}))
    if not needed <= roles <= needed | allowed:
        yield f'{path}: a {kind} has {sorted(needed)}, not {sorted(roles)}'
    if (kind == 'textbox') != ('objects' in visual['visual']) or (kind == 'textbox') == bool(query):
        yield f'{path}: a text box has text, all else a query'
    shown = {json.dumps(p['field']) for r in query.get('queryState', {}).values() for p in r['projections']}
    if any(json.dumps(s['field']) not in shown for s in query.get('sortDefinition', {}).get('sort', [])):
        yield f'{path}: sorted by what it does not show'
    for role in query.get('queryState', {}).values():
        for p in role['projections']:
            if len(p['field']) != 1:
                yield f'{path}: a field is one column or one measure'
    if kind == 'card' and any(kind == 'Column' for kind, _, _ in fields(visual)):
        yield f'{path}: a card shows a measure'
    at = visual['position']
    if page and (at['x'] < 0 or at['y'] < 0 or
                 at['x'] + at['width'] > page['width'] or at['y'] + at['height'] > page['height']):
        yield f'{path}: not within its page'


def lint(files):
    """Problems of the JSON files of a project, {path: text}."""
    problems, documents = [], {}
    for path, text in sorted(files.items()):
        if UNCHECKED.search(path):
            continue
        kind = kind_of(path)
        if not kind:
            problems.append(f'{path}: not a file that such a project has')
            continue
        documents[path] = document = json.loads(text)
        schema, shape = kind
        found = list(misshapen(document, {'$schema': {f'{PUBLISHED}{schema}/schema.json'}, **shape}))
        problems += [f'{path}: {p}' for p in found]
        if found:
            del documents[path]
    pages = {path.split('/')[3]: d for path, d in documents.items() if path.endswith('/page.json')}
    for path, document in documents.items():
        parts = path.split('/')
        if parts[-1] in ('page.json', 'visual.json') and document['name'] != parts[-2]:
            problems.append(f'{path}: its name is not that of its folder')
        if parts[-1] == 'visual.json':
            problems += visual_problems(path, document, pages.get(parts[3]))
        if parts[-1] == 'pages.json':
            if sorted(document['pageOrder']) != sorted(pages):
                problems.append(f'{path}: lists {document["pageOrder"]}, and there are {sorted(pages)}')
            if document['activePageName'] not in pages:
                problems.append(f'{path}: the page that it opens on is none of them')
        if parts[-1] == 'report.json':
            items = [i for p in document['resourcePackages'] for i in p['items']]
            if document['themeCollection']['customTheme']['name'] not in [i['name'] for i in items]:
                problems.append(f'{path}: its theme is not among its resources')
            problems += [f'{path}: no file {i["path"]}' for i in items
                         if f'Engage.Report/StaticResources/RegisteredResources/{i["path"]}' not in files]
    return problems, documents
