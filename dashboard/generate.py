"""python3 -m dashboard.generate DIRECTORY    write Superset's export of the dashboard of pages.py

Types and descriptions of columns come from the database that PGHOST and the
like name.  script/dashboard generate runs it on the demonstration.
"""
import json
import pathlib
import re
import shutil
import sys
import uuid

import psycopg2
import yaml

from dashboard.pages import CONTENTS, DATASETS, FILTERS
from report.labels import CALLER_PROFILE, PAGES

VERSION = '1.0.0'
STAMP = '2026-01-01T00:00:00+00:00'  # the format asks for a time; a fixed one keeps the export reproducible
SPACE = uuid.UUID('6f1d3ec1-6a0e-4a3b-9a55-0e8a5f6c2d10')
URI = 'postgresql+psycopg2://LOGIN:XXXXXXXXXX@HOST:5432/DATABASE'
VIZ = {
    'number': 'big_number_total', 'line': 'echarts_timeseries_line', 'bars': 'echarts_timeseries_bar',
    'heat': 'heatmap_v2', 'table': 'table', 'rows': 'table',
}
WIDTHS = {'caller_pseudonym': 80, 'rule_label': 97}  # in pixels, so that they stay in one line
DATE_FORMAT, TIME_FORMAT = '%d %b %Y', '%d %b %Y %H:%M'


def identifier(*name):
    return str(uuid.uuid5(SPACE, '/'.join(name)))


def slug(title):
    return re.sub(r'\W+', '_', title).strip('_').lower()


def title_of(column):
    """A column's heading: what the name says, without what only tells names apart."""
    words = re.sub('_(local|utc|name|label|pseudonym)$', '', column).replace('_', ' ')
    words = re.sub('(contact|change|point) count$', r'\1s', words).removesuffix(' count')
    words = re.sub(r'\b(\d+)d\b', r'\1 days', words)
    words = {'csu': 'CSU', 'full date': 'day'}.get(words, words)
    return words[0].upper() + words[1:]


class Catalogue:
    def __init__(self):
        self.session = psycopg2.connect('')
        self.comments = dict(self.ask(
            "SELECT a.attname, pg_catalog.col_description(a.attrelid, a.attnum)"
            " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = 'engage_bi'::regnamespace AND c.relkind IN ('v', 'r')"
            " AND a.attnum > 0 AND NOT a.attisdropped"))
        self.types = dict(self.ask('SELECT oid, pg_catalog.format_type(oid, NULL) FROM pg_catalog.pg_type'))

    def ask(self, query):
        with self.session.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def columns(self, query):
        with self.session.cursor() as cursor:
            cursor.execute(f'SELECT * FROM ({query}) q LIMIT 0')
            return [(c.name, self.types[c.type_code]) for c in cursor.description]


def dataset(name, catalogue):
    description, time, query, metrics = DATASETS[name]
    columns = []
    for column, kind in catalogue.columns(query):
        is_time = kind == 'date' or kind.startswith('timestamp')
        columns.append({
            'column_name': column, 'verbose_name': title_of(column), 'is_dttm': is_time, 'is_active': True,
            'type': kind.upper(), 'groupby': True, 'filterable': True, 'expression': None,
            'description': catalogue.comments.get(column), 'python_date_format': None, 'extra': {},
        })
    return {
        'table_name': name, 'main_dttm_col': time, 'description': description, 'default_endpoint': None, 'offset': 0,
        'cache_timeout': None, 'schema': 'engage_bi', 'sql': query, 'params': None, 'template_params': None,
        'filter_select_enabled': True, 'fetch_values_predicate': None, 'extra': None,
        'uuid': identifier('dataset', name),
        'metrics': [{'metric_name': metric, 'verbose_name': measure.name, 'metric_type': None, 'expression': expression,
                     'description': measure.description, 'd3format': form, 'extra': {}, 'warning_text': None}
                    for metric, (measure, expression, form) in metrics.items()],
        'columns': columns, 'version': VERSION, 'database_uuid': identifier('database'),
    }


def condition(clause, expression):
    return {'expressionType': 'SQL', 'clause': clause, 'sqlExpression': expression,
            'filterOptionName': 'filter_' + uuid.uuid5(SPACE, expression).hex[:12]}


def params(chart):
    """What Superset's own editor would have stored for a chart."""
    kind, metrics = chart['kind'], chart['metrics'] if 'metrics' in chart else []
    known = DATASETS[chart['dataset']][3]
    form = known[metrics[0]][2] if metrics else None
    time = DATASETS[chart['dataset']][1]
    shared = {
        'viz_type': VIZ[kind], 'time_range': 'No filter', 'extra_form_data': {},
        'adhoc_filters': [condition('WHERE', chart['where'])] if chart['where'] else [],
    }
    if time:
        shared['granularity_sqla'] = time
    return shared | PARAMS[kind](chart, metrics, form)


def params_of_number(chart, metrics, form):
    result = {'metric': metrics[0], 'header_font_size': 0.4, 'subheader_font_size': 0.15,
              'y_axis_format': form or 'SMART_NUMBER', 'time_format': TIME_FORMAT}
    return result if form else result | {'force_timestamp_formatting': True}


def params_of_series(chart, metrics, form):
    result = {
        'x_axis': chart['x'], 'metrics': metrics, 'groupby': chart['by'], 'row_limit': 10000,
        'y_axis_format': form, 'truncate_metric': True, 'show_legend': len(metrics) > 1 or bool(chart['by']),
        'legendOrientation': 'top', 'legendType': 'plain', 'rich_tooltip': True, 'tooltipTimeFormat': DATE_FORMAT,
        'x_axis_time_format': '%b %Y' if chart['grain'] == 'P1M' else '%d %b', 'color_scheme': 'supersetColors',
        'order_desc': True,
        'y_axis_bounds': [0, None], 'truncateYAxis': False,
    }
    if chart['grain']:
        return result | {'time_grain_sqla': chart['grain']}
    return result | {'x_axis_sort': chart['x'], 'x_axis_sort_asc': True, 'xAxisForceCategorical': True,
                     'xAxisLabelInterval': '0'}


def params_of_line(chart, metrics, form):
    result = params_of_series(chart, metrics, form) | {'seriesType': 'line', 'markerEnabled': False}
    if form == ',d':  # a day without any is a zero, not a gap
        result |= {'resample_rule': '1D', 'resample_method': 'zerofill'}
    return result


def params_of_bars(chart, metrics, form):
    result = params_of_series(chart, metrics, form) | {'orientation': 'vertical'}
    if chart['by']:
        result['stack'] = 'Stack'
    if chart['across']:
        result |= {'orientation': 'horizontal', 'show_value': True,
                   'x_axis_sort': metrics[0] if chart['ranked'] else chart['x']}
    return result


def params_of_heat(chart, metrics, form):
    return {
        'x_axis': chart['x'], 'groupby': chart['by'][0], 'metric': metrics[0], 'row_limit': 10000,
        'sort_x_axis': 'alpha_asc', 'sort_y_axis': 'alpha_desc', 'normalize_across': 'heatmap',
        'linear_color_scheme': 'schemeBlues', 'xscale_interval': -1, 'yscale_interval': -1,
        'left_margin': 'auto', 'bottom_margin': 'auto', 'value_bounds': [None, None], 'y_axis_format': form,
        'show_legend': True, 'show_percentage': False, 'show_values': chart['values'], 'normalized': False,
    }


def look_of_metric(form):
    return {'d3TimeFormat': form} if form and form.startswith('%') else {}


def params_of_table(chart, metrics, form):
    known = DATASETS[chart['dataset']][3]
    return table_look() | {
        'query_mode': 'aggregate', 'groupby': chart['by'], 'metrics': metrics,
        'timeseries_limit_metric': chart['order'], 'order_desc': not chart['ascending'],
        'show_cell_bars': chart['order'] == metrics[0],
        'column_config': looks(chart['by']) | {metric: {'showCellBars': False} | look_of_metric(known[metric][2])
                                               for metric in metrics[1:]},
    }


def params_of_rows(chart, metrics, form):
    return table_look() | {
        'query_mode': 'raw', 'all_columns': chart['columns'], 'show_cell_bars': False,
        'order_by_cols': [json.dumps([column, ascending]) for column, ascending in chart['order']],
        'column_config': looks(chart['columns']),
    }


def looks(columns):
    return {column: look for column in columns if (look := look_of(column))}


def look_of(column):
    if column in WIDTHS:
        return {'columnWidth': WIDTHS[column]}
    if column.startswith(('expected_', 'harm_')):
        return {'d3NumberFormat': ',.1f'}
    if column.endswith('_probability'):
        return {'d3NumberFormat': '.0%'}
    if column.endswith('_count'):
        return {'d3NumberFormat': ',d'}
    if column == 'window_lapses_local':  # soon, so no year
        return {'d3TimeFormat': '%d %b %H:%M'}
    if column.endswith('_date'):
        return {'d3TimeFormat': DATE_FORMAT}
    return None


PARAMS = {
    'number': params_of_number, 'line': params_of_line, 'bars': params_of_bars, 'heat': params_of_heat,
    'table': params_of_table, 'rows': params_of_rows,
}


def table_look():
    return {'row_limit': 1000, 'server_pagination': False, 'table_timestamp_format': TIME_FORMAT,
            'include_search': False, 'allow_rearrange_columns': False, 'color_pn': False, 'page_length': 0}


def chart_file(page, chart):
    return {
        'slice_name': chart['title'], 'description': chart['note'] or None, 'certified_by': None,
        'certification_details': None, 'viz_type': VIZ[chart['kind']], 'params': params(chart),
        'query_context': None, 'cache_timeout': None, 'uuid': identifier('chart', page, chart['title']),
        'version': VERSION, 'dataset_uuid': identifier('dataset', chart['dataset']),
    }


class Layout:
    """The dashboard's tree of tabs, rows and charts, with numbers for its charts."""

    def __init__(self, title):
        self.nodes = {'DASHBOARD_VERSION_KEY': 'v2'}
        self.charts = {}  # page -> numbers
        self.fixed = []  # those of charts that show the latest days
        self.count = 0
        self.add('ROOT_ID', 'ROOT', [], ['GRID_ID'], None)
        self.add('GRID_ID', 'GRID', ['ROOT_ID'], ['TABS-pages'], None)
        self.add('HEADER_ID', 'HEADER', [], None, {'text': title})
        self.add('TABS-pages', 'TABS', ['ROOT_ID', 'GRID_ID'], [f'TAB-{slug(page)}' for page in PAGES], {})
        for page in PAGES:
            self.page(page)

    def add(self, name, kind, parents, children, meta):
        node = {'id': name, 'type': kind, 'children': children or []}
        if parents:
            node['parents'] = parents
        if meta is not None:
            node['meta'] = meta
        self.nodes[name] = node

    def page(self, title):
        question, rows = PAGES[title], CONTENTS[title]
        tab, parents = f'TAB-{slug(title)}', ['ROOT_ID', 'GRID_ID', 'TABS-pages']
        names = [f'ROW-{slug(title)}-{number}' for number in range(len(rows) + 1)]
        self.add(tab, 'TAB', parents, names, {'text': title, 'defaultText': title, 'placeholder': title})
        parents = parents + [tab]
        self.row(names[0], parents, [(f'MARKDOWN-{slug(title)}', 'MARKDOWN',
                                      {'code': question, 'width': 12, 'height': 8 if len(question) < 150 else 11})])
        for name, (height, charts) in zip(names[1:], rows):
            self.row(name, parents, [self.chart(title, chart, width, height) for width, chart in charts])

    def row(self, name, parents, children):
        self.add(name, 'ROW', parents, [child[0] for child in children], {'background': 'BACKGROUND_TRANSPARENT'})
        for child, kind, meta in children:
            self.add(child, kind, parents + [name], None, meta)

    def chart(self, page, chart, width, height):
        self.count += 1
        self.charts.setdefault(page, []).append(self.count)
        if chart.get('latest') or re.search(r'\b(is_latest|is_last_28_days|relative_day)\b', chart['where'] or ''):
            self.fixed.append(self.count)
        return (f"CHART-{slug(page)}-{slug(chart['title'])}", 'CHART',
                {'chartId': self.count, 'uuid': identifier('chart', page, chart['title']),
                 'sliceName': chart['title'], 'width': width, 'height': height})


def filter_of(layout, name, kind, source, column, pages, first):
    inside = pages or [page for page in PAGES if page != CALLER_PROFILE or kind == 'time']
    outside = [number for page, numbers in layout.charts.items() for number in numbers
               if page not in inside or kind == 'time' and number in layout.fixed]
    control = {'enableEmptyFilter': bool(first)}
    target = {}
    if kind == 'value':
        target = {'datasetUuid': identifier('dataset', source), 'column': {'name': column}}
        control |= {'defaultToFirstItem': bool(first), 'multiSelect': not first, 'searchAllOptions': bool(first),
                    'inverseSelection': False}
    result = {
        'id': f'NATIVE_FILTER-{slug(name)}', 'name': name, 'type': 'NATIVE_FILTER',
        'filterType': 'filter_select' if kind == 'value' else 'filter_time', 'targets': [target],
        'controlValues': control, 'defaultDataMask': {'extraFormData': {}, 'filterState': {}},
        'cascadeParentIds': [], 'scope': {'rootPath': [f'TAB-{slug(page)}' for page in inside], 'excluded': outside},
        'description': '',
    }
    if first:
        # Without requiredFirst the first value is chosen, but no chart is told.
        result |= {'sortMetric': first, 'requiredFirst': True}
        control['sortAscending'] = False
    return result


def dashboard():
    title = 'Repeat contact'
    layout = Layout(title)
    return {
        'dashboard_title': title, 'description': 'Repeat contact with the police, from the views of engage_bi.',
        'css': '', 'slug': 'engage', 'certified_by': None, 'certification_details': None, 'published': True,
        'uuid': identifier('dashboard'), 'position': layout.nodes,
        'metadata': {
            'color_scheme': 'supersetColors', 'refresh_frequency': 0, 'timed_refresh_immune_slices': [],
            'expanded_slices': {}, 'label_colors': {}, 'cross_filters_enabled': False,
            'native_filter_configuration': [filter_of(layout, *entry) for entry in FILTERS],
        },
        'version': VERSION,
    }


def database():
    return {
        'database_name': 'engage', 'sqlalchemy_uri': URI, 'cache_timeout': None, 'expose_in_sqllab': True,
        'allow_run_async': False, 'allow_ctas': False, 'allow_cvas': False, 'allow_dml': False,
        'allow_csv_upload': False, 'extra': {'allows_virtual_table_explore': True},
        'uuid': identifier('database'), 'version': VERSION,
    }


class Dumper(yaml.SafeDumper):
    """Long text as it is read, not in one quoted line."""


def text(dumper, value):
    style = '|' if '\n' in value else None
    return dumper.represent_scalar('tag:yaml.org,2002:str', value, style=style)


Dumper.add_representer(str, text)


def write(directory, name, content):
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110),
                    encoding='utf-8')


def main(directory):
    catalogue = Catalogue()
    shutil.rmtree(directory, ignore_errors=True)
    write(directory, 'metadata.yaml', {'version': VERSION, 'type': 'Dashboard', 'timestamp': STAMP})
    write(directory, 'databases/engage.yaml', database())
    for name in DATASETS:
        write(directory, f'datasets/engage_bi/{name}.yaml', dataset(name, catalogue))
    for page in PAGES:
        for _, charts in CONTENTS[page]:
            for _, chart in charts:
                write(directory, f"charts/{slug(page)}_{slug(chart['title'])}.yaml", chart_file(page, chart))
    write(directory, 'dashboards/repeat_contact.yaml', dashboard())


if __name__ == '__main__':
    main(pathlib.Path(sys.argv[1]))
