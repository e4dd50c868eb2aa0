"""python3 -m powerbi.generate DIRECTORY    write the Power BI project of pages.py: a model in TMDL, a report in PBIR

Tables, columns, types and descriptions come from the views of engage_bi and their comments, in the database that
PGHOST and the like name.  script/powerbi runs it; script/test powerbi compares what this writes with what is
committed.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import uuid

from powerbi import pages
from report import labels

SCHEMAS = 'https://developer.microsoft.com/json-schemas/fabric/'
TYPES = {
    'integer': 'int64', 'bigint': 'int64', 'double precision': 'double', 'boolean': 'boolean', 'text': 'string',
    'date': 'dateTime', 'timestamp without time zone': 'dateTime',
}
FORMATS = {
    'date': 'dd mmm yyyy', 'timestamp without time zone': 'dd mmm yyyy hh:nn:ss', 'double precision': '#,##0.00',
}


def catalogue():
    """{view: (comment, [(column, SQL type, comment)])}"""
    query = f"""
        SELECT json_build_array(c.relname, obj_description(c.oid, 'pg_class'),
            a.attname, format_type(a.atttypid, NULL), col_description(c.oid, a.attnum))
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = '{pages.SCHEMA}'::regnamespace AND c.relkind = 'v'
        ORDER BY c.relname, a.attnum"""
    rows = subprocess.run(['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', query],
                          check=True, capture_output=True, text=True).stdout
    views = {}
    for row in rows.splitlines():
        view, about, column, kind, comment = json.loads(row)
        views.setdefault(view, (about, []))[1].append((column, kind, comment))
    if set(views) != set(pages.TABLES):
        sys.exit(f'powerbi: views and powerbi/pages.py differ: {sorted(set(views) ^ set(pages.TABLES))}')
    return views


def slug(title):
    return re.sub(r'\W+', '-', title.lower()).strip('-')[:40]


# ---------------------------------------------------------------------- model

def quoted(name):
    return name if re.fullmatch(r'\w+', name) else "'" + name.replace("'", "''") + "'"


def friendly(column):
    return column.replace('_', ' ')


def column_reference(view, column):
    return f'{quoted(pages.TABLES[view])}.{quoted(friendly(column))}'


def described(text, indent=''):
    return ''.join(f'{indent}/// {line}\n' for line in text.splitlines())


def column_tmdl(view, column, kind, comment):
    dimension = pages.DIMENSIONS.get(column)
    lines = [f'\tcolumn {quoted(friendly(column))}', f'\t\tdataType: {TYPES[kind]}']
    if column.endswith('_key') and not (view, column) in pages.SORT_BY:
        lines.append('\t\tisHidden')
    if view == 'dim_date' and column == 'full_date' or dimension == view and view != 'dim_date':
        lines.append('\t\tisKey')
    if kind in FORMATS:
        lines.append(f'\t\tformatString: {FORMATS[kind]}')
    lines.append('\t\tsummarizeBy: none')
    lines.append(f'\t\tsourceColumn: {column}')
    if (view, column) in pages.SORT_BY:
        lines.append(f'\t\tsortByColumn: {quoted(friendly(pages.SORT_BY[view, column]))}')
    return described(comment, '\t') + '\n'.join(lines) + '\n'


def measure_tmdl(folder, measure, dax, pattern):
    return (described(measure.description, '\t') +
            f'\tmeasure {quoted(measure.name)} = {dax}\n'
            f'\t\tformatString: {pattern}\n'
            f'\t\tdisplayFolder: {folder}\n')


def partition_tmdl(view):
    steps = ['Source = PostgreSQL.Database(pgServer, pgDatabase)',
             f'Data = Source{{[Schema="{pages.SCHEMA}",Item="{view}"]}}[Data]']
    if view in pages.INCREMENTAL:
        column = pages.INCREMENTAL[view]
        steps.append(f'Part = Table.SelectRows(Data, each [{column}] >= RangeStart and [{column}] < RangeEnd)')
    result = steps[-1].split(' = ')[0]
    return (f'\tpartition {quoted(pages.TABLES[view])} = m\n'
            '\t\tmode: import\n'
            '\t\tsource =\n'
            '\t\t\t\tlet\n' +
            ',\n'.join(f'\t\t\t\t\t{step}' for step in steps) + '\n'
            '\t\t\t\tin\n'
            f'\t\t\t\t\t{result}\n')


def table_tmdl(view, about, columns):
    parts = [described(about) + f'table {quoted(pages.TABLES[view])}' +
             ('\n\tdataCategory: Time' if view == 'dim_date' else '') + '\n']
    parts += [measure_tmdl(*measure) for owner, *measure in pages.MEASURES if owner == view]
    parts += [column_tmdl(view, *column) for column in columns]
    parts.append(partition_tmdl(view))
    return '\n'.join(parts)


ACCESS = """/// Who sees which district, for the role: fill it in with lines such as {"analyst@force.example", "N1"}.
table Access
\tisHidden

\t/// User principal name.
\tcolumn user
\t\tdataType: string
\t\tsummarizeBy: none
\t\tsourceColumn: user

\t/// District code.
\tcolumn 'access district'
\t\tdataType: string
\t\tsummarizeBy: none
\t\tsourceColumn: access district

\tpartition Access = m
\t\tmode: import
\t\tsource =
\t\t\t\tlet
\t\t\t\t\tSource = #table(type table [user = text, #"access district" = text], {})
\t\t\t\tin
\t\t\t\t\tSource
"""

# name, value, type, description
PARAMETERS = [
    ('pgServer', '"localhost:5432"', 'Text', 'Server and port. Its certificate must be valid for this name.'),
    ('pgDatabase', '"force"', 'Text', 'Database that has engage.'),
    ('RangeStart', '#datetime(2025, 1, 1, 0, 0, 0)', 'DateTime',
     'First instant, in UTC, of the contacts that are loaded; incremental refresh sets it.'),
    ('RangeEnd', '#datetime(2027, 1, 1, 0, 0, 0)', 'DateTime', 'The instant, in UTC, before which they end.'),
]


def model_tmdl():
    tables = ''.join(f'ref table {quoted(name)}\n' for name in sorted([*pages.TABLES.values(), 'Access']))
    return ('/// Repeat contact with the police, as engage counts it.\n'
            'model Model\n'
            '\tculture: en-GB\n'
            '\tdefaultPowerBIDataSourceVersion: powerBI_V3\n'
            '\tdiscourageImplicitMeasures\n\n'
            f'{tables}\n'
            f'ref role {quoted(pages.ROLE)}\n\n'
            'ref cultureInfo en-GB\n')


def parameter_tmdl(name, value, kind, about):
    return (described(about) +
            f'expression {name} = {value} meta [IsParameterQuery=true, Type="{kind}", '
            'IsParameterQueryRequired=true]\n')


def relationships(views):
    """(view, key, dimension) of each fact's keys."""
    for view, (_, columns) in sorted(views.items()):
        for column, _, _ in columns:
            dimension = pages.DIMENSIONS.get(column)
            if dimension and dimension != view and not view.startswith('dim_'):
                yield view, column, dimension


def relationship_tmdl(view, column, dimension):
    return (f'relationship {view}_{column}\n'
            '\trelyOnReferentialIntegrity\n'
            f'\tfromColumn: {column_reference(view, column)}\n'
            f'\ttoColumn: {column_reference(dimension, column)}\n')


def role_tmdl():
    return ('/// Sees the districts that Access gives them, and no contact, flag or score of a caller.\n'
            f'role {quoted(pages.ROLE)}\n'
            '\tmodelPermission: read\n\n' +
            '\n'.join(f'\ttablePermission {quoted(table)} = {dax}\n' for table, dax in pages.ROLE_FILTERS))


def semantic_model(views):
    files = {f'definition/tables/{pages.TABLES[view]}.tmdl': table_tmdl(view, *views[view]) for view in views}
    files['definition/tables/Access.tmdl'] = ACCESS
    files['definition/database.tmdl'] = 'database\n\tcompatibilityLevel: 1567\n'
    files['definition/model.tmdl'] = model_tmdl()
    files['definition/expressions.tmdl'] = '\n'.join(parameter_tmdl(*parameter) for parameter in PARAMETERS)
    files['definition/relationships.tmdl'] = '\n'.join(relationship_tmdl(*there) for there in relationships(views))
    files[f'definition/roles/{pages.ROLE}.tmdl'] = role_tmdl()
    files['definition/cultures/en-GB.tmdl'] = 'cultureInfo en-GB\n'
    files['definition.pbism'] = document('item/semanticModel/definitionProperties/1.0.0', version='4.2', settings={})
    files['.platform'] = platform('SemanticModel')
    return {f'Engage.SemanticModel/{name}': text for name, text in files.items()}


# --------------------------------------------------------------------- report

def as_json(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + '\n'


def document(schema, **members):
    return as_json({'$schema': f'{SCHEMAS}{schema}/schema.json', **members})


def platform(kind):
    return document('gitIntegration/platformProperties/2.0.0', metadata={'type': kind, 'displayName': 'Engage'},
                    config={'version': '2.0', 'logicalId': str(uuid.uuid5(uuid.NAMESPACE_DNS, f'engage.{kind}'))})


def literal(value):
    return {'expr': {'Literal': {'Value': value}}}


def text_literal(text):
    return literal("'" + text.replace("'", "''") + "'")


def projection(field):
    if isinstance(field, labels.Measure):
        entity = next(pages.TABLES[owner] for owner, _, measure, *_ in pages.MEASURES if measure == field)
        name, kind = field.name, 'Measure'
    else:
        entity, name, kind = pages.TABLES[field[0]], friendly(field[1]), 'Column'
    return {'field': {kind: {'Expression': {'SourceRef': {'Entity': entity}}, 'Property': name}},
            'queryRef': f'{entity}.{name}', 'nativeQueryRef': name}


def where_true(field, name):
    """A filter by a column that is true or false."""
    column = {'Column': {'Expression': {'SourceRef': {'Source': 'd'}}, 'Property': friendly(field[1])}}
    return {'name': name, 'field': projection(field)['field'], 'type': 'Categorical', 'howCreated': 'User', 'filter': {
        'Version': 2, 'From': [{'Name': 'd', 'Entity': pages.TABLES[field[0]], 'Type': 0}],
        'Where': [{'Condition': {'In': {'Expressions': [column], 'Values': [[{'Literal': {'Value': 'true'}}]]}}}]}}


def filters(period, name):
    return {'filters': [where_true(field, name + ('' if i == 0 else f'-{i + 1}')) for i, field in enumerate(period)]}


def alternative_text(text):
    return [{'properties': {'altText': text_literal(text)}}]


def text_box(visual):
    return {
        'visualType': visual.kind,
        'objects': {'general': [{'properties': {'paragraphs': [{'textRuns': [{'value': visual.title}]}]}}]},
        'visualContainerObjects': {'general': alternative_text(visual.title)},
    }


def query_visual(visual):
    shown = {role: [projection(field) for field in fields] for role, fields in visual.fields.items()}
    query = {'queryState': {role: {'projections': projections} for role, projections in shown.items()}}
    if visual.sort:
        query['sortDefinition'] = {'sort': [{'field': projection(visual.sort)['field'], 'direction': 'Descending'}]}
    names = ', '.join(p['nativeQueryRef'] for projections in shown.values() for p in projections)
    return {
        'visualType': visual.kind,
        'query': query,
        'visualContainerObjects': {
            'title': [{'properties': {'show': literal('true'), 'text': text_literal(visual.title)}}],
            'general': alternative_text(f'{visual.title}: {names}'),
        },
    }


def visual_file(page, name, order, visual, x, y, width, height):
    body = query_visual(visual) if visual.fields else text_box(visual)
    period = {'filterConfig': filters(visual.period, f'{page}-{order}-period')} if visual.period else {}
    return document(
        'item/report/definition/visualContainer/2.1.0', name=name,
        position={'x': x, 'y': y, 'z': order * 1000, 'width': width, 'height': height, 'tabOrder': order * 1000},
        visual=body | {'drillFilterOtherVisuals': True}, **period)


def layout(visuals):
    """Cards in one row, all else in two columns under it."""
    cards = [v for v in visuals if v.kind in ('card', 'slicer', 'textbox')]
    charts = [v for v in visuals if v not in cards]
    top = 120 if cards else 0
    for i, v in enumerate(cards):
        yield v, 16 + i * (1248 // len(cards)), 16, 1248 // len(cards) - 16, 96
    rows = (len(charts) + 1) // 2
    height = (704 - top) // rows
    for i, v in enumerate(charts):
        wide = i == len(charts) - 1 and len(charts) % 2 == 1
        yield v, 16 + (0 if wide else i % 2 * 624), 16 + top + i // 2 * height, 1232 if wide else 608, height - 16


# Okabe and Ito's colours, which people who see few colours can tell apart.
THEME = {
    'name': 'Engage',
    'dataColors': ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#F0E442', '#000000'],
    'background': '#FFFFFF', 'foreground': '#1B1B1B', 'tableAccent': '#0072B2', 'good': '#009E73',
    'neutral': '#E69F00', 'bad': '#D55E00',
}


def report_file():
    theme = 'Engage.json'
    return document(
        'item/report/definition/report/3.0.0',
        themeCollection={'customTheme': {
            'name': theme, 'reportVersionAtImport': {'visual': '2.1.0', 'report': '3.0.0', 'page': '2.0.0'},
            'type': 'RegisteredResources'}},
        resourcePackages=[{'name': 'RegisteredResources', 'type': 'RegisteredResources',
                           'items': [{'name': theme, 'path': theme, 'type': 'CustomTheme'}]}],
        settings={'useStylableVisualContainerHeader': True})


def page_files(title):
    page = slug(title)
    yield 'page.json', document(
        'item/report/definition/page/2.0.0', name=page, displayName=title, displayOption='FitToPage', height=720,
        width=1280)
    for order, (visual, *place) in enumerate(layout(pages.CONTENTS[title])):
        name = slug(visual.title) if visual.fields else 'note'
        yield f'visuals/{name}/visual.json', visual_file(page, name, order, visual, *place)


def report():
    names = [slug(title) for title in labels.PAGES]
    files = {
        'definition/version.json': document('item/report/definition/versionMetadata/1.0.0', version='2.0.0'),
        'definition/report.json': report_file(),
        'definition/pages/pages.json': document('item/report/definition/pagesMetadata/1.0.0', pageOrder=names,
                                                activePageName=names[0]),
        'definition.pbir': document('item/report/definitionProperties/2.0.0', version='4.0',
                                    datasetReference={'byPath': {'path': '../Engage.SemanticModel'}}),
        '.platform': platform('Report'),
        'StaticResources/RegisteredResources/Engage.json': as_json(THEME),
    }
    for title in labels.PAGES:
        files |= {f'definition/pages/{slug(title)}/{name}': text for name, text in page_files(title)}
    return {f'Engage.Report/{name}': text for name, text in files.items()}


# -------------------------------------------------------------------- project

def connection(mode):
    return as_json({'version': '0.1', 'connections': [{
        'details': {'protocol': 'postgresql', 'address': {'server': 'localhost:5432', 'database': 'force'}},
        'options': {}, 'mode': mode}]})


def project():
    return {
        'engage-import.pbids': connection('Import'), 'engage-directquery.pbids': connection('DirectQuery'),
        'Engage.pbip': document('pbip/pbipProperties/1.0.0', version='1.0',
                                artifacts=[{'report': {'path': 'Engage.Report'}}],
                                settings={'enableAutoRecovery': True}),
        '.gitignore': '**/.pbi/localSettings.json\n**/.pbi/cache.abf\n',
        **semantic_model(catalogue()), **report(),
    }


def main(directory):
    files = project()
    for folder in ('Engage.SemanticModel', 'Engage.Report'):
        shutil.rmtree(directory / folder, ignore_errors=True)
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding='utf-8')
    print(f'{len(files)} files written to {directory}')


if __name__ == '__main__':
    main(pathlib.Path(sys.argv[1]))
