"""What fillers do to who is who: a simulated force with and without them.

Usage: script/bench mixtures [--people N] [--only TEXT] [SEED ...]   (default: 1 2 3)

A simulated force with its truth is loaded as it is, which is the clean run, and
then once with each mixture: a filler, such as the reference 0, in a share of
its contacts.  Most fillers stand where nothing stood, so the clean run is what
they are held against.  Dates and titles stand in place of a true value, which
is lost whatever engage does; they are held against a run in which the same
values are missing (NULL), and the ratio to the clean run is shown beside it.

Each run is a database of its own: all contacts loaded, one refresh by the
shipped linkage model; then the model is trained and the refresh run again.

Exits 1 if a figure of a mixture is off: more than 5 % above the run that it is
held against, or more than 1 where 5 % is less than one; flags also if they are
as much below it.  Fewer wrong callers are no fault.
"""
import argparse
import collections
import sys

from harness import DATABASE, machine, make_database, psql, say, table

BASE = 'bench_base'
WITHIN = 0.05
FIGURES = ('callers of 2 or more people', 'most people in one', 'people in 2 or more callers', 'flags',
           'flagged callers of 2 or more people')
FLAGS = 3
JUDGED = (0, 2, FLAGS, 4)

# name, share of contacts, what is written where, and whether over what stood there
Mixture = collections.namedtuple('Mixture', 'name share values over')
CLEAN = Mixture('clean', 0, {}, False)
MIXTURES = (
    Mixture('nominal 0 on 30 %', 0.30, {'nominal_ref': "'0'"}, False),
    Mixture('nominal none on 30 %', 0.30, {'nominal_ref': "'none'"}, False),
    Mixture('IMEI zeros on 30 %', 0.30, {'imei': "'000000000000000'"}, False),
    Mixture('date 1900-01-01 on 20 %', 0.20, {'date_of_birth': "date '1900-01-01'"}, True),
    Mixture('date 1900-01-01 on 3 %', 0.03, {'date_of_birth': "date '1900-01-01'"}, True),
    Mixture('given name Mrs on 10 %', 0.10, {'given_name': "'Mrs'"}, True),
    Mixture('given name Unk on 20 %', 0.20, {'given_name': "'Unk'"}, False),
    Mixture('e-mail none on 30 %', 0.30, {'email': "'none'"}, False),
    Mixture('address N/K, postcode ZZ99 3VZ on 20 %', 0.20, {'address': "'N/K'", 'postcode': "'ZZ99 3VZ'"}, False),
    Mixture('address NFA on 30 %', 0.30, {'address': "'NFA'"}, False),
    # on no list that is shipped
    Mixture('nominal RMU-DESK on 30 %', 0.30, {'nominal_ref': "'RMU-DESK'"}, False),
    Mixture('given name Zedcaller on 20 %', 0.20, {'given_name': "'Zedcaller'"}, False),
)

MEASURE = """
WITH told AS (
    SELECT p.caller_id, t.person_id
    FROM engage.contact c
    JOIN engage_demo.contact_truth t USING (source, source_ref)
    JOIN engage.persona p USING (persona_key)
    WHERE c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
        AND t.person_id IS NOT NULL AND p.caller_id IS NOT NULL
    GROUP BY p.caller_id, t.person_id),
mixed AS (SELECT caller_id, count(*) AS people FROM told GROUP BY caller_id),
raised AS (SELECT caller_id FROM engage.flag WHERE withdrawn_at IS NULL)
SELECT (SELECT count(*) FROM mixed WHERE people > 1), (SELECT max(people) FROM mixed),
    (SELECT count(*) FROM (SELECT FROM told GROUP BY person_id HAVING count(*) > 1) x),
    (SELECT count(*) FROM raised),
    (SELECT count(DISTINCT caller_id) FROM raised JOIN mixed USING (caller_id) WHERE people > 1)"""


def simulate(seed, people):
    """The force without a filler: simulated, not yet loaded."""
    make_database(BASE)
    psql('CREATE EXTENSION engage', 'CREATE EXTENSION engage_demo', 'SELECT engage.setup()',
         f'SELECT engage_demo.simulate(seed => {seed}, people => {people})',
         'INSERT INTO engage.known_number (number, sharing, label) '
         'SELECT number, sharing, label FROM engage_demo.place',
         database=BASE)
    return [psql(f'SELECT count(*) FROM engage_demo.{name}', database=BASE) for name in ('person', 'contact')]


def write(mixture, missing):
    """SQL that writes a mixture, or NULL in its place, into the simulated contacts."""
    stood = ' AND '.join(f"{column} IS {'NOT NULL' if mixture.over else 'NULL'}" for column in mixture.values)
    values = ', '.join(f"{column} = {'NULL' if missing else value}" for column, value in mixture.values.items())
    return f"""UPDATE engage_demo.simulated_contact SET {values}
        WHERE {stood} AND hashtextextended(source || source_ref, 12) & 65535 < {mixture.share} * 65536"""


def run(mixture=CLEAN, missing=False):
    """The figures by the shipped model and by a trained one."""
    make_database(DATABASE, '--template', BASE)
    if mixture.values:
        psql(write(mixture, missing))
    psql('SELECT engage_demo.load()', 'ANALYZE engage.contact', 'CALL engage.refresh()')
    figures = []
    for model in ('shipped', 'trained'):
        if model == 'trained':
            psql('SELECT engage.train_linkage()', 'CALL engage.refresh()')
        figures.append([int(n) for n in psql(MEASURE).split('|')])
    return figures


def is_off(place, figure, other):
    allowed = max(1, WITHIN * other)
    return figure > other + allowed or place == FLAGS and figure < other - allowed


def cells(found, held_against, judged=True):
    return [f'{figure}' + (f' ({figure / other:.2f})' if other else '') +
            (' **off**' if judged and place in JUDGED and is_off(place, figure, other) else '')
            for place, (figure, other) in enumerate(zip(found, held_against))]


def measure(seed, people, mixtures):
    """One table a model; how many figures are off."""
    persons, contacts = simulate(seed, people)
    clean = run()
    results = [(mixture, run(mixture), run(mixture, missing=True) if mixture.over else clean) for mixture in mixtures]
    off = 0
    for number, model in enumerate(('shipped', 'trained')):
        rows = [('seed ' + str(seed) + ', ' + model, *FIGURES),
                ('clean', *(str(figure) for figure in clean[number]))]
        for mixture, found, held_against in results:
            if mixture.over:
                rows.append((f'{mixture.name}: missing', *cells(held_against[number], clean[number], False)))
                rows.append((f'{mixture.name}: against clean', *cells(found[number], clean[number], False)))
            rows.append((mixture.name, *cells(found[number], held_against[number])))
            off += sum(is_off(place, found[number][place], held_against[number][place]) for place in JUDGED)
        if number == 0:
            say(f'## Seed {seed}: {persons} people, {contacts} contacts\n')
        table(rows)
    return off


def main():
    parser = argparse.ArgumentParser(prog='script/bench mixtures')
    parser.add_argument('seeds', nargs='*', type=int, default=[1, 2, 3], metavar='SEED')
    parser.add_argument('--people', type=int, default=2000, help='ordinary people to simulate')
    parser.add_argument('--only', default='', help='mixtures whose name has this in it')
    options = parser.parse_args()
    say(machine() + '; in brackets the ratio to the run that a mixture is held against\n')
    mixtures = [mixture for mixture in MIXTURES if options.only in mixture.name]
    off = sum(measure(seed, options.people, mixtures) for seed in options.seeds)
    if off:
        say(f'{off} figures are off by more than {WITHIN:.0%} and more than 1.')
    return 1 if off else 0


if __name__ == '__main__':
    sys.exit(main())
