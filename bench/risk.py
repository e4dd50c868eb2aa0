"""Scores of every caller of a large force.

Usage: script/bench risk [CONTACTS ...]   (default: 1000000 10000000)

Contacts of a year up to now, 0.18 callers a contact, each active for a time of their own, with codes, qualifiers and
handling times.  Risk factors are the shipped ones and two on codes and qualifiers.  Times are of whole refreshes.
"""
from harness import (
    NUMBER, load, machine, make_database, median_and_most, psql, recent_contacts, refreshes, say, seconds, sizes, table,
    timed)

REPEATS = 5

COLUMNS = ('source, source_ref, occurred_at, channel, number_raw, opening_code, closing_code, qualifiers, '
           'demand_class, handling_seconds, district')

CONTACT = f"""
SELECT 'bench', g::text, at, CASE WHEN h & 7 < 2 THEN '999_voice' ELSE '101_voice' END, {NUMBER},
    'D' || (h >> 3 & 15), 'R' || (h >> 7 & 15), CASE WHEN h >> 11 & 7 = 0 THEN ARRAY['Q' || (h >> 14 & 7)] END,
    CASE WHEN h >> 17 & 3 = 0 THEN 'non_policing' WHEN h >> 17 & 15 = 1 THEN 'avoidable_policing' ELSE 'policing' END,
    60 + (h >> 21 & 1023), 'district ' || (h >> 31 & 7)"""

HARM = (
    """SELECT engage.set_risk_factor('weapons_seen', 3, axis => 'harm', measure => 'qualifier', matches => '{Q1, Q2}',
        at_most => 3, label => 'Weapons')""",
    """SELECT engage.set_risk_factor('violence_seen', 1, axis => 'harm', measure => 'closing_code',
        matches => '{R3, R4}', at_most => 5, within => '90 days', label => 'Violence')""",
)


def make_force(contacts):
    make_database()
    psql('CREATE EXTENSION engage', 'SELECT engage.setup()')
    load(CONTACT + recent_contacts(contacts, 31536000), COLUMNS)
    psql('CALL engage.refresh(20000)')
    psql('VACUUM ANALYZE')


def after(new, contacts, first_batch):
    return median_and_most(refreshes(new, contacts, range(first_batch, first_batch + REPEATS)))


def score_all():
    """A refresh that scores every caller."""
    psql("INSERT INTO engage_internal.dirty (subject, cause) VALUES ('risk', 'bench')")
    took = seconds('CALL engage.refresh()')
    psql('VACUUM engage.caller_risk')
    return took


def measure(contacts):
    make_force(contacts)
    thousand, one = after(1000, contacts, 0), after(1, contacts, 100)
    psql('SELECT engage.adopt_risk_factors()', *HARM)
    fit, took = timed('SELECT callers, events, weights_fitted, demand_fitted FROM engage.fit_risk()')
    scored = [score_all() for _ in range(3)]
    say(f'## {contacts:,} contacts, {psql("SELECT count(*) FROM engage.caller_risk")} callers scored\n')
    say(f'Fit (callers, events, weights and demand model fitted): {fit}\n')
    table([('work', 'figure'),
           ('fit of weights and demand model', f'{took[-1]:.1f} s'),
           ('refresh that scores every caller', ', '.join(f'{s:.1f} s' for s in scored)),
           ('refresh after 1,000 new contacts, scores included', after(1000, contacts, 200)),
           ('the same before risk factors were adopted', thousand),
           ('refresh after 1 new contact, scores included', after(1, contacts, 300)),
           ('the same before risk factors were adopted', one),
           ('verify(0.01)', psql('SELECT count(*) FROM engage.verify(0.01)') + ' problems')])


def main():
    say(machine() + '\n')
    for contacts in sizes():
        measure(contacts)


if __name__ == '__main__':
    main()
