"""Which records are of one person: engage against Splink, on the same files.

Usage: script/bench linkage [--only splink|engage|personas] [--data DIRECTORY] [--size N] [--sets NAME ...] [DIRECTORY]

DIRECTORY has fake_1000.csv, febrl3.csv and historical.csv, with the truth in
the column "cluster"; a file that is not there is skipped.  Besides, N simulated
personas (1000000; 0 for none) are made, the same for the same N.

Splink runs in a process of its own with its documentation's model for each file, trained without labels as there, and
for the personas with one as its documentation would make.  engage gets each record as one contact in a database of its
own.  Both are judged by the same clusters: all pairs of records that are in one cluster, and B-cubed.

Memory: of Splink the VmHWM of its process, data and Python included.  Of engage the greatest sum of private memory
(RssAnon) of all processes of the server, looked at every 50 ms, plus the whole of shared_buffers; below the table, the
greatest VmHWM of one backend, which includes the shared buffers it touched.
"""
import argparse
import collections
import csv
import datetime
import functools
import importlib.metadata
import json
import os
import random
import subprocess
import sys
import threading
import time

from harness import DATABASE, RESULTS, machine, make_database, say, table

THRESHOLDS = (0.1, 0.3, 0.5, 0.9, 0.95)
FILES = ('fake_1000', 'febrl3', 'historical')
SEED = 20260101


# ---------------------------------------------------------------- evaluation

def pairs(sizes):
    return sum(size * (size - 1) // 2 for size in sizes)


def ratio(a, b):
    return a / b if b else 1.0


def harmonic(a, b):
    return 2 * a * b / (a + b) if a + b else 0.0


def evaluate(truth, found):
    """Compare two dicts of record -> cluster; a record without one is alone."""
    joint, true_size, found_size = collections.Counter(), collections.Counter(), collections.Counter()
    for record, true in truth.items():
        cluster = found.get(record)
        if cluster is None:
            cluster = ('alone', record)
        joint[true, cluster] += 1
        true_size[true] += 1
        found_size[cluster] += 1
    right, made, wanted = pairs(joint.values()), pairs(found_size.values()), pairs(true_size.values())
    precision, recall = ratio(right, made), ratio(right, wanted)
    b3_precision = sum(n * n / found_size[cluster] for (_, cluster), n in joint.items()) / len(truth)
    b3_recall = sum(n * n / true_size[true] for (true, _), n in joint.items()) / len(truth)
    return {'precision': precision, 'recall': recall, 'f1': harmonic(precision, recall),
            'b3_precision': b3_precision, 'b3_recall': b3_recall, 'b3_f': harmonic(b3_precision, b3_recall),
            'true_pairs': wanted, 'false_pairs': made - right, 'clusters': len(found_size),
            'largest': max(found_size.values()), 'true_clusters': len(true_size),
            'true_largest': max(true_size.values())}


def report(name, truth, results, load):
    """One table of what Splink and engage found in one file."""
    some = next(iter(results))
    say(f"## {name}: {len(truth):,} records, {some['true_clusters']:,} clusters of at most {some['true_largest']}, "
        f"{some['true_pairs']:,} true pairs; load average before {load:.1f}\n")
    rows = [('method', 'P', 'R', 'F1', 'B3 P', 'B3 R', 'B3 F', 'clusters', 'largest', 'false pairs', '/ false links',
             'load s', 'train s', 'link s', 'cluster s', 'linkage s', 'peak MB')]
    best = max((r['f1'] for r in results if 'threshold' in r), default=None)
    for r in results:
        mark = ' *' if 'threshold' in r and r['f1'] == best else ''
        links = '-' if r.get('false_links') is None else f"{r['false_links']:,} = " + (
            f"{r['false_pairs'] / r['false_links']:.2f}" if r['false_links'] else '-')
        rows.append((r['method'] + mark, *(f'{r[key]:.4f}' for key in
                     ('precision', 'recall', 'f1', 'b3_precision', 'b3_recall', 'b3_f')),
                     f"{r['clusters']:,}", r['largest'], f"{r['false_pairs']:,}", links,
                     *('-' if r.get(key) is None else f'{r[key]:.2f}' for key in ('load', 'train', 'link', 'cluster')),
                     f"{sum(r.get(key) or 0 for key in ('train', 'link', 'cluster')):.2f}",
                     f"{r['memory'] / 1024:.0f}"))
    table(rows)
    for r in results:
        if r.get('note'):
            say(r['note'])
    if any(r.get('note') for r in results):
        say()


# -------------------------------------------------------------------- Splink

def splink_fake_1000(cl, cll, block_on, settings, records):
    """docs/demos/examples/duckdb/accuracy_analysis_from_labels_column"""
    model = settings(
        link_type='dedupe_only',
        blocking_rules_to_generate_predictions=[block_on(c) for c in ('first_name', 'surname', 'dob', 'email')],
        comparisons=[
            cl.ForenameSurnameComparison('first_name', 'surname'),
            cl.DateOfBirthComparison('dob', input_is_string=False),
            cl.ExactMatch('city').configure(term_frequency_adjustments=True),
            cl.EmailComparison('email')])

    def train(training):
        training.estimate_probability_two_random_records_match([
            'l.first_name = r.first_name and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1',
            'l.surname = r.surname and levenshtein(r.dob::VARCHAR, l.dob::VARCHAR) <= 1',
            'l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2',
            'l.email = r.email'], recall=0.7)
        training.estimate_u_using_random_sampling(max_pairs=1e6, seed=5)
        for rule in (block_on('dob'), block_on('email'), block_on('first_name', 'surname')):
            training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)

    return 'SELECT * REPLACE (dob::DATE AS dob) FROM file', model, train, 0.5


def splink_febrl3(cl, cll, block_on, settings, records):
    """docs/demos/examples/duckdb/febrl3"""
    model = settings(
        unique_id_column_name='rec_id',
        link_type='dedupe_only',
        blocking_rules_to_generate_predictions=[
            block_on(c) for c in ('soc_sec_id', 'given_name', 'surname', 'date_of_birth', 'postcode')],
        comparisons=[
            cl.NameComparison('given_name'),
            cl.NameComparison('surname'),
            cl.DateOfBirthComparison('date_of_birth', input_is_string=True, datetime_format='%Y%m%d'),
            cl.DamerauLevenshteinAtThresholds('soc_sec_id', [2]),
            cl.ExactMatch('street_number').configure(term_frequency_adjustments=True),
            cl.ExactMatch('postcode').configure(term_frequency_adjustments=True)])

    def train(training):
        training.estimate_probability_two_random_records_match([
            block_on('soc_sec_id'),
            block_on('given_name', 'surname', 'date_of_birth'),
            'l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth'], recall=0.9)
        training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
        for rule in (block_on('date_of_birth'), block_on('postcode')):
            training.estimate_parameters_using_expectation_maximisation(rule)

    return 'SELECT * FROM file', model, train, None


def splink_historical(cl, cll, block_on, settings, records):
    """docs/demos/examples/duckdb/deduplicate_50k_synthetic"""
    model = settings(
        link_type='dedupe_only',
        blocking_rules_to_generate_predictions=[
            block_on('substr(first_name,1,3)', 'substr(surname,1,4)'),
            block_on('surname', 'dob'),
            block_on('first_name', 'dob'),
            block_on('postcode_fake', 'first_name'),
            block_on('postcode_fake', 'surname'),
            block_on('dob', 'birth_place'),
            block_on('substr(postcode_fake,1,3)', 'dob'),
            block_on('substr(postcode_fake,1,3)', 'first_name'),
            block_on('substr(postcode_fake,1,3)', 'surname'),
            block_on('substr(first_name,1,2)', 'substr(surname,1,2)', 'substr(dob,1,4)')],
        comparisons=[
            cl.ForenameSurnameComparison('first_name', 'surname',
                                         forename_surname_concat_col_name='first_name_surname_concat'),
            cl.DateOfBirthComparison('dob', input_is_string=True),
            cl.PostcodeComparison('postcode_fake'),
            cl.ExactMatch('birth_place').configure(term_frequency_adjustments=True),
            cl.ExactMatch('occupation').configure(term_frequency_adjustments=True)])

    def train(training):
        training.estimate_probability_two_random_records_match([
            block_on('first_name', 'surname', 'dob'),
            block_on('substr(first_name,1,2)', 'surname', 'substr(postcode_fake,1,2)'),
            block_on('dob', 'postcode_fake')], recall=0.6)
        training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
        for rule in (block_on('first_name', 'surname'), block_on('dob')):
            training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)

    return "SELECT *, first_name || ' ' || surname AS first_name_surname_concat FROM file", model, train, 0.95


def splink_personas(cl, cll, block_on, settings, records, max_pairs=1e7):
    """A model in the manner of the demonstrations, by somebody who knows numbers.

    A number of more than 20 records is a payphone or an institution and tells
    nothing.  Random pairs cannot show how seldom two people share another
    number, as nearly all pairs that do are one person: u is set to that of two
    people behind one pair in ten.  Without the two, F1 at p >= 0.5 is 0.16 less (100,000).
    """
    model = settings(
        unique_id_column_name='persona_id',
        link_type='dedupe_only',
        blocking_rules_to_generate_predictions=[
            block_on('number'),
            block_on('email'),
            block_on('family_name', 'date_of_birth'),
            block_on('given_name', 'date_of_birth'),
            block_on('postcode', 'family_name'),
            block_on('postcode', 'given_name'),
            block_on('postcode', 'date_of_birth'),
            block_on('address', 'postcode'),
            block_on('given_name', 'family_name')],
        comparisons=[
            cl.ForenameSurnameComparison('given_name', 'family_name', forename_surname_concat_col_name='full_name'),
            cl.DateOfBirthComparison('date_of_birth', input_is_string=True),
            cl.PostcodeComparison('postcode').configure(term_frequency_adjustments=True),
            cl.CustomComparison(output_column_name='number', comparison_levels=[
                cll.NullLevel('number'),
                cll.ExactMatchLevel('number').configure(u_probability=0.1 / records, fix_u_probability=True),
                cll.DamerauLevenshteinLevel('number', 1),
                cll.ElseLevel()]),
            cl.EmailComparison('email')])

    def train(training):
        training.estimate_probability_two_random_records_match([
            block_on('number', 'given_name'),
            block_on('email'),
            block_on('given_name', 'family_name', 'date_of_birth'),
            block_on('given_name', 'family_name', 'postcode')], recall=0.2)
        training.estimate_u_using_random_sampling(max_pairs=max_pairs, seed=1)
        for rule in (block_on('given_name', 'family_name', 'postcode'), block_on('number'),
                     block_on('family_name', 'date_of_birth')):
            training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)

    return ("""SELECT * REPLACE (CASE WHEN count(*) OVER (PARTITION BY number) <= 20 THEN number END AS number)
        FROM (SELECT * REPLACE (regexp_replace(nullif(number, 'withheld'), '^[+]44', '0') AS number),
            given_name || ' ' || family_name AS full_name FROM file) f""", model, train, None)


SPLINK_MODELS = {'fake_1000': splink_fake_1000, 'febrl3': splink_febrl3, 'historical': splink_historical,
                 'personas': splink_personas, 'personas-quick': functools.partial(splink_personas, max_pairs=1e6)}
# What is run for each file, and how it is told apart.
SPLINK_RUNS = {'personas': {'personas': ', u of 1e7 pairs', 'personas-quick': ', u of 1e6 pairs'}}


def splink_child(name, path, out):
    """Link one file; write clusters and figures.  A process of its own."""
    import duckdb
    import splink
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    with open(path) as file:
        records = sum(1 for _ in file) - 1
    prepare, model, train, demo = SPLINK_MODELS[name](cl, cll, splink.block_on, splink.SettingsCreator, records)
    key = model.unique_id_column_name
    times, started = {}, time.perf_counter()

    def lap(step):
        nonlocal started
        times[step], started = time.perf_counter() - started, time.perf_counter()

    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE prepared AS WITH file AS (SELECT * FROM read_csv('{path}', header = true, "
                       f"all_varchar = true)) {prepare}").fetchall()
    api = splink.DuckDBAPI(connection=connection)
    linker = splink.Linker(api.register(connection.table('prepared')), model)
    lap('load')
    train(linker.training)
    lap('train')
    links = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    lap('link')
    clusters = {}
    for threshold in THRESHOLDS:
        clusters[threshold] = linker.clustering.cluster_pairwise_predictions_at_threshold(
            links, threshold_match_probability=threshold)
        lap(f'cluster {threshold}')
    memory = status(os.getpid(), 'VmHWM')
    runs = []
    for threshold in THRESHOLDS:
        file = f'{out}.{threshold}.csv'
        connection.execute(f'COPY (SELECT "{key}", cluster_id FROM {clusters[threshold].physical_name}) '
                           f"TO '{file}' (HEADER false)").fetchall()
        edges, false = connection.execute(
            f'SELECT count(*), count(*) FILTER (a.cluster <> b.cluster) FROM {links.physical_name} l '
            f'JOIN prepared a ON a."{key}" = l."{key}_l" JOIN prepared b ON b."{key}" = l."{key}_r" '
            f'WHERE l.match_probability >= {threshold}').fetchone()
        runs.append({'method': f"Splink {splink.__version__}, p >= {threshold}{' (demo)' if threshold == demo else ''}",
                     'threshold': threshold, 'file': file, 'links': edges, 'false_links': false,
                     'load': times['load'], 'train': times['train'], 'link': times['link'],
                     'cluster': times[f'cluster {threshold}'], 'memory': memory})
    with open(out, 'w') as file:
        json.dump(runs, file)


def run_splink(name, path, label=''):
    """Link one file with Splink; return a result for each threshold, with clusters."""
    out = os.path.join(RESULTS, f'splink-{name}.json')
    log = out.replace('.json', '.log')
    with open(log, 'w') as errors:
        done = subprocess.run([sys.executable, __file__, '--child', name, path, out], stdout=errors, stderr=errors)
    if done.returncode:
        raise Failed(f'Splink failed ({done.returncode}); see {log}')
    with open(out) as file:
        runs = json.load(file)
    os.remove(out)
    for run in runs:
        run['method'] += label
        with open(run['file'], newline='') as file:
            run['found'] = dict(csv.reader(file))
        os.remove(run['file'])
    return runs


# -------------------------------------------------------------------- engage

# Columns of engage.contact by columns of the file; a date that the file spells
# in ways that are no date goes into details instead, as a key of kind date.
FAKE = {'given_name': 'first_name', 'family_name': 'surname', 'date_of_birth': 'dob', 'email': 'email'}
FEBRL = {'given_name': 'given_name', 'family_name': 'surname', 'date_of_birth': 'date_of_birth', 'postcode': 'postcode'}
HISTORICAL = {'given_name': 'first_name', 'family_name': 'surname', 'date_of_birth': 'dob', 'postcode': 'postcode_fake'}
PERSONAS = {'number_raw': 'number', **{c: c for c in
            ('given_name', 'family_name', 'date_of_birth', 'address', 'postcode', 'email')}}
ENGAGE_FILES = {
    'fake_1000': ('unique_id', FAKE, {'city': 'text'}),
    'febrl3': ('rec_id', FEBRL, {'street_number': 'identifier', 'address_1': 'text', 'address_2': 'text',
                                 'suburb': 'text', 'state': 'category', 'soc_sec_id': 'identifier'}),
    'historical': ('unique_id', HISTORICAL, {'full_name': 'text', 'first_and_surname': 'text', 'birth_place': 'text',
                                             'gender': 'category', 'occupation': 'category'}),
    'personas': ('persona_id', PERSONAS, {})}

# What must be there for the engage half; it is skipped with a message else.
NEEDED = """SELECT string_agg(n, ', ') FROM (
    SELECT f FROM unnest('{name_identity_details,train_linkage,refresh,setup}'::text[]) f WHERE NOT EXISTS (
        SELECT FROM pg_proc WHERE proname = f AND pronamespace = 'engage'::regnamespace)
    UNION ALL SELECT 'contact_caller' WHERE to_regclass('engage.contact_caller') IS NULL) missing (n)"""


def status(pid, field):
    """A size in kB from /proc; 0 where the process has gone."""
    try:
        with open(f'/proc/{pid}/status') as file:
            for line in file:
                if line.startswith(field + ':'):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


class Watch(threading.Thread):
    """Looks at the memory of the server's processes."""

    def __init__(self):
        super().__init__(daemon=True)
        with open(os.path.join(os.environ['ENGAGE_DATA'], 'postmaster.pid')) as file:
            self.postmaster = int(file.readline())
        self.private, self.backend, self.ended = 0, 0, threading.Event()

    def look(self):
        with open(f'/proc/{self.postmaster}/task/{self.postmaster}/children') as file:
            pids = file.read().split()
        self.private = max(self.private, sum(status(pid, 'RssAnon') for pid in [self.postmaster, *pids]))
        self.backend = max([self.backend, *(status(pid, 'VmHWM') for pid in pids)])

    def run(self):
        while not self.ended.wait(0.05):
            self.look()

    def stop(self):
        self.ended.set()
        self.join()


class Failed(Exception):
    pass


class Session:
    """One psql that stays connected."""
    END = 'end-of-statement'

    def __init__(self, log):
        self.log = log
        with open(log, 'w') as errors:
            self.psql = subprocess.Popen(['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)

    def run(self, statement):
        """Return what the statement printed, and how long it took."""
        started = time.perf_counter()
        self.psql.stdin.write(f'{statement}\n\\echo {self.END}\n')
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line.strip() == self.END:
                return ''.join(lines).strip(), time.perf_counter() - started
            lines.append(line)
        raise Failed(f'{statement} failed; see {self.log}')

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def all_dates(path, column):
    """Whether all that is in this column are dates."""
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            text = row[column]
            try:
                if text and (len(text) == 8 or not datetime.date.fromisoformat(text)):
                    datetime.datetime.strptime(text, '%Y%m%d')
            except ValueError:
                return False
    return True


def contacts_of(name, path):
    """SQL that makes contacts of the staging table, and the kinds of its details."""
    key, columns, details = ENGAGE_FILES[name]
    columns, details = dict(columns), dict(details)
    places = {detail: detail for detail in details}
    if not all_dates(path, columns['date_of_birth']):
        places['dob'] = columns.pop('date_of_birth')
        details['dob'] = 'date'
    expressions = {column: f's."{place}"' + ('::date' if column == 'date_of_birth' else '')
                   for column, place in columns.items()}
    if details:
        made = ', '.join(f"'{detail}', s.\"{place}\"" for detail, place in places.items())
        expressions['details'] = f"nullif(jsonb_strip_nulls(jsonb_build_object({made})), '{{}}')"
    return f"""INSERT INTO engage.contact (source, source_ref, occurred_at, channel, {', '.join(expressions)})
        SELECT 'bench', s."{key}", timestamptz '2025-01-01 00:00+00' + row_number() OVER () * interval '1 s',
            '101_voice', {', '.join(expressions.values())} FROM staging s;""", details


IDENTIFY = """
CREATE TEMP TABLE took (ms float8);
DO $$
DECLARE
    known record;
    started timestamptz;
BEGIN
    FOR known IN SELECT * FROM engage.contact ORDER BY md5(contact_id::text) LIMIT 400 LOOP
        started := clock_timestamp();
        PERFORM FROM engage.identify(known.number_raw, known.given_name, known.family_name, known.date_of_birth,
            known.postcode);
        INSERT INTO took VALUES (extract(epoch FROM clock_timestamp() - started) * 1000);
    END LOOP;
END
$$;
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 2),
    round(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)::numeric, 2)
FROM (SELECT ms FROM took OFFSET 100) warm;"""

ADD_ONE = """
INSERT INTO engage.contact
    (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, postcode, address)
SELECT 'bench', 'added {}', now(), '101_voice', c.number_raw, c.given_name, c.family_name, c.postcode, '{} Added Road'
FROM engage.contact c WHERE c.given_name IS NOT NULL ORDER BY md5(c.contact_id::text || '{}') LIMIT 1;"""


def small_things(session):
    """Time identify() for details of contacts, and a refresh after one new persona."""
    session.run('VACUUM (ANALYZE);')  # as autovacuum does in time
    median, late = session.run(IDENTIFY)[0].split('|')
    added = []
    for number in range(21):
        session.run(ADD_ONE.format(number, number, number))
        added.append(session.run('CALL engage.refresh();')[1] * 1000)
    added = sorted(added[1:])
    return (f' identify(): median {median} ms, 99th percentile {late} ms of 300. Refresh after one new persona: median '
            f'{added[len(added) // 2]:.1f} ms, at most {added[-1]:.1f} ms of {len(added)}.')


def run_engage(name, path):
    """Link one file with engage; return a result with clusters, or none."""
    make_database()
    session = Session(os.path.join(RESULTS, f'engage-{name}.log'))
    session.run('CREATE EXTENSION engage;')
    missing = session.run(f'{NEEDED};')[0]
    if missing:
        session.close()
        say(f'engage is skipped: it lacks {missing}\n')
        return []
    session.run('SELECT engage.setup(rules => NULL);')
    watch = Watch()
    watch.start()
    with open(path, newline='') as file:
        header = next(csv.reader(file))
    insert, details = contacts_of(name, path)
    seconds = {}
    session.run(f"CREATE TEMP TABLE staging ({', '.join(f'{json.dumps(column)} text' for column in header)});")
    seconds['copy'] = session.run(rf"\copy staging FROM '{path}' (FORMAT csv, HEADER)")[1]
    seconds['insert'] = session.run(insert)[1]
    session.run(f'CREATE TABLE truth AS '
                f'SELECT {json.dumps(ENGAGE_FILES[name][0])} AS source_ref, cluster AS truth FROM staging;')
    session.run('DROP TABLE staging;')
    if details:
        seconds['name details'] = session.run(
            f"SELECT engage.name_identity_details('{json.dumps(details)}'::jsonb);")[1]
    seconds['first refresh'] = session.run('CALL engage.refresh();')[1]
    seconds['train_linkage'] = session.run('SELECT engage.train_linkage();')[1]
    seconds['second refresh'] = session.run('CALL engage.refresh();')[1]
    watch.stop()
    # pairs of records that a pair of personas, or one, stands for
    links, false = session.run("""
        WITH record AS (SELECT c.persona_key, s.truth FROM engage.contact c JOIN truth s USING (source_ref))
        SELECT count(*), count(*) FILTER (WHERE a.truth <> b.truth)
        FROM (SELECT max(model_id) AS model_id FROM engage.linkage_model) m, engage.linked_pairs(m.model_id) p
        JOIN record a ON a.persona_key = p.persona_a JOIN record b ON b.persona_key = p.persona_b;""")[0].split('|')
    out = os.path.join(RESULTS, f'engage-{name}.csv')
    session.run(rf"\copy (SELECT c.source_ref, cc.caller_id FROM engage.contact c LEFT JOIN engage.contact_caller cc "
                rf"USING (contact_id)) TO '{out}' (FORMAT csv)")
    small = small_things(session) if name == 'personas' else ''
    version = session.run("SELECT extversion FROM pg_extension WHERE extname = 'engage';")[0]
    shared = int(session.run("SELECT setting::bigint * 8 FROM pg_settings WHERE name = 'shared_buffers';")[0])
    size = session.run(f"SELECT pg_size_pretty(pg_database_size('{DATABASE}'));")[0]
    session.close()
    with open(out, newline='') as file:
        found = {record: caller or None for record, caller in csv.reader(file)}
    os.remove(out)
    steps = ', '.join(f'{step} {value:.2f} s' for step, value in seconds.items())
    return [{'method': f'engage {version}', 'found': found,
             'load': sum(seconds[step] for step in ('copy', 'insert', 'first refresh')),
             'train': seconds['train_linkage'], 'link': seconds['second refresh'],
             'links': int(links), 'false_links': int(false),
             'memory': watch.private + shared, 'private': watch.private, 'backend': watch.backend,
             'note': f'engage: {steps}. Private memory of all processes {watch.private / 1024:.0f} MB at most, '
                     f'shared_buffers {shared / 1024:.0f} MB; one backend with what it touched of these '
                     f'{watch.backend / 1024:.0f} MB. Database {size}.{small}'}]


# ------------------------------------------------------------------ personas

class Names:
    """Invented names from syllables; few are frequent, most are rare."""

    def __init__(self, rng, number, exponent, starts, middles, ends, shift):
        names = {}
        while len(names) < number:
            name = rng.choice(starts) + rng.choice(middles) + (
                rng.choice(starts).lower() + rng.choice(middles) if rng.random() < 0.25 else '') + rng.choice(ends)
            names[name] = None
        self.names, total, self.weights = list(names), 0.0, []
        for rank in range(number):
            total += 1 / (rank + shift) ** exponent
            self.weights.append(total)

    def draw(self, rng):
        return rng.choices(self.names, cum_weights=self.weights)[0]


STARTS = ('B Bl Br C Ch Cl Cr D Dr F Fl Fr G Gl Gr H J K Kn L M N P Ph Pl Pr Qu R S Sc Sh Sl Sm St Str T Th Tr V W Wh '
          'Y Z').split() + ['A', 'E', 'I', 'O', 'U']
VOWELS = 'a e i o u ae ai au ea ee ei ie oa oo ou ui'.split()
CODAS = [vowel + coda for vowel in VOWELS
         for coda in 'b ck d ff g l ll m mp n nd ng nt p r rd rk rn s sk st t th tt x'.split()]
FAMILY_ENDS = ('ton ley son ham ford well ingham worth by man er den field land more wick stow low combe thorpe ridge '
               'gate shaw burn hurst dale bourne wood s ott ell ing ard').split()
GIVEN_ENDS = 'a ah an ar e el en ena ette ia ian ic ie in ina is ith o on or us y yn'.split() + [''] * 4
STREET_ENDS = 'Road Street Lane Close Avenue Drive Way Gardens Court Crescent Terrace Place Grove'.split()
AREAS = 'AD BC CE DB EB FA GB HB KB LB MB PB RA SB TB WB YB'.split()
LETTERS, DIGITS = 'abcdefghijklmnopqrstuvwxyz', '0123456789'
PERSONA_COLUMNS = ('persona_id', 'number', 'given_name', 'family_name', 'date_of_birth', 'address',
                   'postcode', 'email', 'cluster')
PERSONAS_OF_ONE = [n for n, share in ((1, 55), (2, 22), (3, 9), (4, 5), (5, 3)) for _ in range(share)]


def mistyped(rng, text, letters):
    """One character inserted, deleted, replaced, or two exchanged."""
    at, how = rng.randrange(len(text)), rng.random()
    if how < 0.25:
        return text[:at] + rng.choice(letters) + text[at:]
    if how < 0.5 and len(text) > 2:
        return text[:at] + text[at + 1:]
    if how < 0.75 or at + 1 == len(text):
        return text[:at] + rng.choice(letters) + text[at + 1:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def mistyped_date(rng, text):
    """Day and month exchanged, or a wrong digit; still a date."""
    year, month, day = text.split('-')
    for _ in range(20):
        if rng.random() < 0.3:
            tried = f'{year}-{day}-{month}'
        else:
            digits = year + month + day
            at = rng.randrange(1, 8)
            if rng.random() < 0.3 and at > 2:
                digits = digits[:at - 1] + digits[at] + digits[at - 1] + digits[at + 1:]
            else:
                digits = digits[:at] + rng.choice(DIGITS) + digits[at + 1:]
            tried = f'{digits[:4]}-{digits[4:6]}-{digits[6:]}'
        try:
            if tried != text and 1900 < datetime.date.fromisoformat(tried).year < 2020:
                return tried
        except ValueError:
            pass
    return text


class Person:
    __slots__ = ('given', 'family', 'born', 'numbers', 'landline', 'places', 'email', 'hostel')


class World:
    """People, and the personas in which they show themselves."""

    def __init__(self, size, seed):
        fixed = random.Random('names')
        self.families = Names(fixed, 6000, 0.9, STARTS, CODAS, FAMILY_ENDS, 12)
        self.givens = Names(fixed, 900, 1.0, STARTS, CODAS, GIVEN_ENDS, 6)
        self.streets = Names(fixed, 3000, 0.8, STARTS, CODAS, FAMILY_ENDS, 10)
        self.rng, self.size, self.numbers = random.Random(seed), size, 0
        self.postcodes = [self.new_postcode() for _ in range(max(10, int(size * 0.45 / 12)))]
        self.payphones = [self.new_number() for _ in range(max(1, size // 5000))]
        self.hostels = [(self.new_number(), self.new_place()) for _ in range(max(1, size // 100000))]

    def new_number(self):
        """E.164 in two area codes where nobody can be reached; each but once."""
        self.numbers += 1
        if self.numbers > 1999999:
            sys.exit('there are not enough numbers for so many personas')
        k = self.numbers * 1299709 % 2000000
        return f'+44{1632 if k < 1000000 else 1222}{k % 1000000:06d}'

    def new_postcode(self):
        rng = self.rng
        code = ''.join(rng.choice('ABDEFGHJLNPQRSTUWXYZ') for _ in range(2))
        return (f'{rng.choice(AREAS)}{rng.randrange(1, 21)} {rng.randrange(10)}{code}',
                f'{self.streets.draw(rng)} {rng.choice(STREET_ENDS)}')

    def new_place(self):
        code, street = self.rng.choice(self.postcodes)
        return f'{self.rng.randrange(1, 61)} {street}', code

    def new_born(self, low, high):
        born = datetime.date(low, 1, 1) + datetime.timedelta(days=self.rng.randrange((high - low) * 365))
        return born.isoformat()

    def new_person(self, family=None, born=None, place=None, landline=None):
        rng, person = self.rng, Person()
        person.given = self.givens.draw(rng)
        person.family = family or self.families.draw(rng)
        person.born = born or self.new_born(1935, 2008)
        person.numbers = [self.new_number() for _ in range(rng.choice((2, 2, 2, 3, 4)) if rng.random() < 0.1 else 1)]
        person.landline = landline
        person.places = [place or self.new_place()]
        if rng.random() < 0.05:
            person.places.append(self.new_place())
        person.email = None
        if rng.random() < 0.6:
            middle = rng.choice(('.', '_', ''))
            last = rng.choice((str(rng.randrange(1000)), person.born[2:4], person.born[:4]))
            person.email = (f'{person.given}{middle}{person.family}{last}@' if rng.random() < 0.7 else
                            f'{person.given[0]}{middle}{person.family}{last}@').lower() + rng.choice(
                                ('post.example', 'mail.example', 'net.example', 'web.example', 'inbox.example'))
        person.hostel = rng.choice(self.hostels) if rng.random() < 0.0033 else None
        return person

    def group(self):
        """One person, or a household: a quarter of the people live in one of 2 to 4."""
        rng = self.rng
        if rng.random() > 0.1064:
            return [self.new_person()]
        landline, place, family = self.new_number(), self.new_place(), self.families.draw(rng)
        year = rng.randrange(1940, 1985)
        members = []
        for number in range(rng.choice((2, 2, 3, 3, 4))):
            low = year - 4 if number < 2 else min(2004, year + 22)
            members.append(self.new_person(family, self.new_born(low, low + 10), place, landline))
        if rng.random() < 0.018:
            members[-1].born = members[-2].born
        return members

    def number_of_personas(self):
        draw = self.rng.randrange(100)
        if draw < len(PERSONAS_OF_ONE):
            return PERSONAS_OF_ONE[draw]
        return self.rng.randrange(6, 11) if draw < 98 else self.rng.randrange(11, 21)

    def shown_number(self, person):
        rng = self.rng
        if rng.random() < 0.05:
            return 'withheld'
        if rng.random() < 0.02:
            number = rng.choice(self.payphones)
        elif person.hostel and rng.random() < 0.4:
            number = person.hostel[0]
        elif person.landline and rng.random() < 0.35:
            number = person.landline
        else:
            number = rng.choice(person.numbers)
        if rng.random() < 0.01:
            number = '+44' + mistyped(rng, number[3:], DIGITS)
        return '0' + number[3:] if rng.random() < 0.2 else number

    def persona(self, person):
        """A subset of the details, with errors; as columns of the file."""
        rng = self.rng
        number = given = family = born = address = postcode = email = ''
        if rng.random() < 0.85:
            number = self.shown_number(person)
        if rng.random() < 0.6:
            kind = rng.random()
            given = person.given if kind > 0.05 else ''
            family = person.family if kind < 0.9 else ''
            if given and rng.random() < 0.03 and len(given) > 4:
                given = given[:rng.randrange(3, 5)]
            if given and rng.random() < 0.05:
                given = mistyped(rng, given, LETTERS)
            if family and rng.random() < 0.06:
                family = mistyped(rng, family, LETTERS)
            if rng.random() < 0.01:
                given, family = family, given
        if rng.random() < 0.3:
            born = person.born if rng.random() > 0.05 else mistyped_date(rng, person.born)
        place = person.hostel[1] if person.hostel and rng.random() < 0.5 else rng.choice(person.places)
        if rng.random() < 0.4:
            address = place[0] if rng.random() > 0.08 else mistyped(rng, place[0], LETTERS + DIGITS)
        if rng.random() < (0.8 if address else 0.13):
            postcode = place[1] if rng.random() > 0.04 else mistyped(rng, place[1], LETTERS.upper() + DIGITS)
        if person.email and rng.random() < 0.08 / 0.6:
            email = person.email if rng.random() > 0.04 else mistyped(rng, person.email, LETTERS)
        return number, given, family, born, address, postcode, email

    def rows(self):
        """All personas, each set of details but once, in no order."""
        rows, seen, people = [], set(), 0
        while len(rows) < self.size:
            for person in self.group():
                people += 1
                for _ in range(self.number_of_personas()):
                    details = ','.join(self.persona(person))
                    if details not in seen and details.strip(',') not in ('', 'withheld'):
                        seen.add(details)
                        rows.append(f'{details},{people}\n')
        del rows[self.size:]
        self.rng.shuffle(rows)
        return rows


def make_personas(size):
    path = os.path.join(RESULTS, f'personas-{size}.csv')
    with open(path, 'w') as file:
        file.write(','.join(PERSONA_COLUMNS) + '\n')
        for number, row in enumerate(World(size, SEED).rows()):
            file.write(f'{number},{row}')
    return path


# ---------------------------------------------------------------------- runs

def measure(name, title, path, only):
    """Run what is to be run on one file and report it; return whether all went well."""
    load, results, good = os.getloadavg()[0], [], True
    runs = [] if only == 'engage' else [
        functools.partial(run_splink, model, path, label) for model, label in SPLINK_RUNS.get(name, {name: ''}).items()]
    runs += [] if only == 'splink' else [functools.partial(run_engage, name, path)]
    for run in runs:
        try:
            results += run()
        except Failed as failure:
            say(f'{name}: {failure}\n')
            good = False
    if not results:
        return good
    with open(path, newline='') as file:
        truth = {row[ENGAGE_FILES[name][0]]: row['cluster'] for row in csv.DictReader(file)}
    for result in results:
        result.update(evaluate(truth, result.pop('found')))
    report(title, truth, results, load)
    return good


def versions():
    return ', '.join(f'{name} {importlib.metadata.version(name)}' for name in ('splink', 'duckdb'))


def main():
    if sys.argv[1:2] == ['--child']:
        splink_child(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(prog='script/bench linkage', description='Linkage: engage against Splink.')
    parser.add_argument('directory', nargs='?', help='where fake_1000.csv, febrl3.csv and historical.csv are')
    parser.add_argument('--data', help='the same')
    parser.add_argument('--only', choices=('splink', 'engage', 'personas'),
                        help='one half alone; personas makes the file of simulated personas, and no more')
    parser.add_argument('--size', type=int, default=1000000, help='simulated personas (default 1000000; 0 for none)')
    parser.add_argument('--sets', nargs='+', choices=(*FILES, 'personas'), default=(*FILES, 'personas'),
                        help='only these files')
    options = parser.parse_args()
    directory = options.data or options.directory
    if options.only == 'personas':
        say(make_personas(options.size))
        return 0
    say(f'{machine(versions())}; * marks the best F1 of Splink; (demo): the threshold of its demonstration\n')
    good = True
    for name in FILES:
        if name not in options.sets:
            continue
        path = os.path.join(os.path.abspath(directory), f'{name}.csv') if directory else None
        if path and os.path.exists(path):
            good &= measure(name, name, path, options.only)
        else:
            say(f'{name} is skipped: ' + (f'no {path}' if path else 'no directory of data is given') + '\n')
    if options.size and 'personas' in options.sets:
        started = time.perf_counter()
        path = make_personas(options.size)
        say(f'{options.size:,} personas made in {time.perf_counter() - started:.1f} s\n')
        good &= measure('personas', f'simulated personas, seed {SEED}', path, options.only)
        os.remove(path)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
