"""How well callers, their flags and the scores of links hold in a simulated force whose truth is known.

Usage: script/bench world [--people N] [--seed S ...] [--splink] [--identify N] [--cost N] [--weights [BITS]] [--check]

A force of its own, unlike engage_demo: N people (20000) who call for two years, with names about as common as they are
in Britain (world.names), what handlers hear of them, and numbers that change hands.  Each contact carries its true
person, which engage never sees.

Every method puts the contacts into groups.  The flags of "6 in 7 days" are worked out from the groups in one way for
all; for engage they must be as many as in engage.flag.  A flag is right if the person who made at least half of its
contacts truly has an episode that overlaps.  An episode is found if a right flag of that person overlaps it, and "on
time" if the first such flag was met no later than the episode.

Numbers besides are numbers that meet the rule while no caller of half of their contacts does.  --identify N asks
identify() about N contacts that engage has not seen, --splink runs Splink's expert model of linkage.py on engage's
personas, --cost N times refreshes after one new contact with a common name, and --weights moves each learnt weight by
half a bit, or so many.  --check looks only at the generator.
"""
import argparse
import bisect
import collections
import csv
import datetime
import functools
import json
import math
import os
import random
import re
import statistics
import subprocess
import sys

import linkage
from harness import DATABASE, RESULTS, machine, make_database, psql, say, seconds, table
from linkage import Session, evaluate, mistyped

DAY = 86400
DAYS = 730
START = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)
NAMES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'world.names')
COLUMNS = ('source_ref', 'occurred_at', 'channel', 'number_raw', 'cli_status', 'given_name', 'family_name',
           'date_of_birth', 'address', 'postcode', 'email')

# --------------------------------------------------------------------- the world

COMMUNITIES = {'white': 0.80, 'muslim': 0.07, 'hindu_sikh': 0.04, 'polish': 0.03, 'african': 0.03, 'irish': 0.02,
               'romanian': 0.01}
HOUSEHOLDS = {'alone': 0.44, 'couple': 0.235, 'family': 0.20, 'share': 0.107, 'twins': 0.014, 'hostel': 0.004}
TAIL = 6000                 # rarer family names
PAYPHONE_EACH = 800         # people
MOST_CONTACTS = 400
PARETO = 1.2
CHANGES = (0.7, 1.53)       # of SIM, in two years: gamma
IDLE_DAYS = 182             # before a number is given to another
RECYCLED = 0.5
SECOND_MOBILE = 0.2
AREAS = 'AD BC CE DB EB FA GB HB KB LB MB PB RA SB TB WB YB'.split()    # that no post goes to
STREET_KINDS = (('Road', 'Rd'), ('Street', 'St'), ('Lane', 'Ln'), ('Close', 'Cl'), ('Avenue', 'Ave'), ('Drive', 'Dr'))
SOUNDS = [(re.compile(old), new) for old, new in (
    ('ph', 'f'), ('ck', 'k'), ('ie', 'y'), ('y$', 'ie'), ('ee', 'ea'), ('ea', 'ee'), ('(?<=.)c', 'k'), ('k', 'c'),
    ('ll', 'l'), ('tt', 't'), ('nn', 'n'), ('ss', 's'), ('s(?=.)', 'z'), ('ai', 'ay'), ('ei', 'ie'), ('ou', 'u'),
    ('er', 'ar'), ('or$', 'er'), ('gh', ''), ('wh', 'w'), ('j', 'g'), ('th', 'f'), ('v', 'f'), ('b', 'p'), ('m', 'n'),
    ('d$', 't'), ('e$', ''), ('(?<=[aeiou])n$', 'nn'), ('ley$', 'ly'), ('ton$', 'tan'), ('man$', 'mann'), ('ey', 'y'),
    ('wr', 'r'), ('oo', 'u'), ('sch', 'sh'), ('w', 'v'), ('i', 'y'))]


class Pool:
    """Values, each with how common it is."""

    def __init__(self, values):
        self.values, self.weights, total = list(values), [], 0.0
        for value in self.values:
            total += values[value]
            self.weights.append(total)

    def draw(self, rng):
        return self.values[bisect.bisect(self.weights, rng.random() * self.weights[-1])]


@functools.cache
def read_names():
    """Sections of world.names: {section: {name: how common}}; of spellings and nicknames {name: [others]}."""
    sections = {}
    with open(NAMES, encoding='utf-8') as file:
        for line in file:
            if line.startswith('['):
                section = sections.setdefault(line.strip()[1:-1], {})
            elif line.strip() and not line.startswith('#'):
                first, *names = line.split()
                if first[0].isdigit():
                    for name in names:
                        section[name] = section.get(name, 0) + int(first)
                else:
                    section[first] = names
    return sections


def tail_of(sections, rng):
    """Rarer family names, put together from their parts; {name: how common}, as Zipf's law has it."""
    starts, ends = Pool(sections['tail starts']), Pool(sections['tail ends'])
    names = {}
    while len(names) < TAIL:
        names[starts.draw(rng) + ends.draw(rng) + ('s' if rng.random() < 0.08 else '')] = None
    return {name: 1 / (rank + 30) ** 0.75 for rank, name in enumerate(names)}


class Home:
    __slots__ = ('address', 'postcode', 'landline', 'hostel')


class Person:
    __slots__ = ('number', 'given', 'family', 'called', 'calls_self', 'born', 'home', 'moved', 'lines', 'second',
                 'email', 'nameless', 'withholds', 'contacts', 'friend')


class World:
    """People, and the contacts that they make."""

    def __init__(self, people, seed):
        self.rng, self.size, self.numbers = random.Random(f'world {seed}'), people, 0
        sections = read_names()
        self.nicknames = sections['nicknames']
        self.spellings = {name: {one, *others} - {name} for one, others in sections['spellings'].items()
                          for name in (one, *others)}
        self.given, self.family = {}, {}
        for section, names in sections.items():
            kind, *rest = section.split()
            if kind == 'given':
                self.given.setdefault(tuple(rest[:2]), {})[int(rest[2])] = Pool(names)
            elif kind == 'family':
                self.family[rest[0]] = names
        tail, known = tail_of(sections, random.Random('tail')), self.family['white']
        share = (10000 - sum(known.values())) / sum(tail.values())
        for name, common in tail.items():
            known.setdefault(name, common * share)
        self.family = {community: Pool(names) for community, names in self.family.items()}
        self.streets, self.communities = list(sections['streets']), Pool(COMMUNITIES)
        self.households = Pool(HOUSEHOLDS)
        self.postcodes = [self.new_postcode() for _ in range(max(20, people // 8))]
        self.payphones = [self.new_number() for _ in range(max(2, people // PAYPHONE_EACH))]
        self.people, self.released, self.recycled, self.changes = [], collections.deque(), 0, 0
        self.kinds = collections.Counter()
        while len(self.people) < people:
            self.new_household()
        del self.people[people:]
        self.give_numbers()
        for person in self.people:
            person.friend = self.rng.choice(self.people)

    # what people have

    def new_number(self):
        """In the two area codes of harness.NUMBER, where nobody can be reached; each but once."""
        self.numbers += 1
        k = self.numbers * 1299709 % 2000000
        return f'+44{1632 if k < 1000000 else 1222}{k % 1000000:06d}'

    def new_postcode(self):
        rng = self.rng
        end = ''.join(rng.choice('ABDEFGHJLNPQRSTUWXYZ') for _ in range(2))
        return (f'{rng.choice(AREAS)}{rng.randrange(1, 21)} {rng.randrange(10)}{end}',
                rng.choice(self.streets), rng.choice(STREET_KINDS))

    def new_home(self, landline, hostel=False):
        rng, home = self.rng, Home()
        home.postcode, street, kind = rng.choice(self.postcodes)
        home.address = (rng.randrange(1, 160), street, kind, rng.randrange(1, 30) if rng.random() < 0.15 else None)
        home.landline = self.new_number() if landline else None
        home.hostel = hostel
        return home

    def given_name(self, community, sex, year):
        bands = self.given.get((community, sex)) or self.given[community, sex]
        band = max((band for band in bands if band <= year - year % 2), default=min(bands))
        return bands[band].draw(self.rng)

    def new_person(self, home, community=None, family=None, sex=None, born=None):
        rng, person = self.rng, Person()
        community = community or self.communities.draw(rng)
        sex = sex or rng.choice('fm')
        if born is None:
            born = datetime.date(1932, 1, 1) + datetime.timedelta(days=int(rng.triangular(0, 28000, 19500)))
        person.number = len(self.people)
        person.born, person.home, person.moved = born, home, None
        person.given = self.given_name(community, sex, born.year)
        person.family = family or self.family[community].draw(rng)
        others = list(self.spellings.get(person.given, ()))
        if others and rng.random() < 0.4:
            person.given = rng.choice(sorted(others))
        short = self.nicknames.get(person.given)
        person.called = rng.choice(short) if short and rng.random() < 0.5 else None
        if rng.random() < 0.05:
            person.called = self.given_name(community, sex, born.year)      # a middle name
        person.calls_self = rng.choice((0.3, 0.6, 0.95))
        if rng.random() < 0.05:
            person.moved = (rng.random() * DAYS * DAY, self.new_home(rng.random() < 0.3))
        person.second = rng.random() < SECOND_MOBILE
        person.email = None
        if rng.random() < 0.7:
            person.email = (f'{rng.choice((person.given, person.given[0]))}{rng.choice((".", "_", ""))}{person.family}'
                            f'{rng.choice(("", str(born.year)[2:], str(rng.randrange(1000))))}@'
                            f'{rng.choice(("post", "mail", "net", "web"))}.example').lower().replace("'", '')
        person.nameless = rng.choices((0.2, 0.5, 0.9), (58, 26, 16))[0]
        person.withholds = 0.6 if rng.random() < 0.06 else 0.09
        person.contacts = min(MOST_CONTACTS, int((1 - rng.random()) ** (-1 / PARETO)))
        self.people.append(person)
        return person

    def new_household(self):
        rng, kind = self.rng, self.households.draw(self.rng)
        self.kinds[kind] += 1
        home = self.new_home(rng.random() < (0.9 if kind == 'hostel' else 0.35), kind == 'hostel')
        if kind in ('alone', 'share', 'hostel'):
            for _ in range({'alone': 1, 'share': rng.randrange(3, 6), 'hostel': rng.randrange(10, 26)}[kind]):
                self.new_person(home)
            return
        community = self.communities.draw(rng)
        if kind == 'twins':
            first = self.new_person(home, community)
            self.new_person(home, community, first.family, born=first.born)
            return
        first = self.new_person(home, community, sex='m')
        years = datetime.timedelta(days=int(rng.gauss(700, 1100)))
        family = first.family if rng.random() < 0.75 else None
        if kind == 'couple' or rng.random() < 0.7:
            self.new_person(home, community, family, 'f', first.born + years)
        if kind == 'family':
            for _ in range(rng.choice((1, 1, 2, 2, 3))):
                born = min(datetime.date(2010, 1, 1), first.born + datetime.timedelta(days=int(rng.gauss(10500, 1500))))
                child = self.new_person(home, community, first.family, born=born)
                if rng.random() < 0.06:
                    child.given = first.given

    def give_numbers(self):
        """Each person's mobiles over the two years; a number that is given up goes to another after half a year."""
        rng, changes = self.rng, []
        for person in self.people:
            person.lines = [[(0.0, self.new_number())] for _ in range(1 + person.second)]
            at, rate = 0.0, rng.gammavariate(*CHANGES) * (1.3 if person.contacts > 20 else 1)
            while rate > 0:
                at += rng.expovariate(rate) * DAYS * DAY
                if at > DAYS * DAY:
                    break
                changes.append((at, person.number))
        released = self.released
        for at, number in sorted(changes):
            line = rng.choice(self.people[number].lines)
            released.append((at, line[-1][1]))
            self.changes += 1
            if released[0][0] + IDLE_DAYS * DAY <= at and rng.random() < RECYCLED:
                line.append((at, released.popleft()[1]))
                self.recycled += 1
            else:
                line.append((at, self.new_number()))

    # what handlers write

    def heard(self, name, errors=0.11):
        """A name as a handler writes it."""
        rng = self.rng
        if name in self.spellings and rng.random() < 0.3:
            return rng.choice(sorted(self.spellings[name]))
        if rng.random() >= errors or len(name) < 3:
            return name
        how = rng.random()
        if how < 0.75:
            for old, new in rng.sample(SOUNDS, len(SOUNDS)):
                written = old.sub(new, name[1:].lower(), count=1)
                if written != name[1:].lower():
                    return name[0] + written
        return mistyped(rng, name, linkage.LETTERS).capitalize()

    def date_written(self, born):
        rng = self.rng
        if rng.random() >= 0.1:
            return born
        how = rng.random()
        try:
            if how < 0.4:
                return born.replace(day=born.month, month=born.day)
            if how < 0.7:
                return born.replace(year=born.year + rng.choice((-10, -1, 1, 10)))
            if how < 0.9:
                return born.replace(day=rng.randrange(1, 29))
        except ValueError:
            pass
        return born.replace(month=rng.randrange(1, 13), day=rng.randrange(1, 29))

    def address_written(self, home):
        rng, (house, street, kind, flat) = self.rng, home.address
        text = f'{house} {street} {kind[rng.random() < 0.25]}'
        if flat and rng.random() < 0.8:
            text = f'Flat {flat}, {text}'
        return text if rng.random() > 0.08 else mistyped(rng, text, linkage.LETTERS)

    def number_shown(self, person, home, at):
        """The calling number and what is known of the line."""
        rng = self.rng
        if rng.random() < person.withholds:
            return None, 'withheld'
        if rng.random() < (0.06 if home.hostel else 0.015):
            number = rng.choice(self.payphones)
        elif rng.random() < 0.012:
            number = self.mobile(person.friend, at)
        elif home.landline and rng.random() < (0.4 if home.hostel else 0.2):
            number = home.landline
        else:
            number = self.mobile(person, at)
        return ('0' + number[3:] if rng.random() < 0.8 else number), 'presented'

    def mobile(self, person, at):
        line = person.lines[-1] if person.second and self.rng.random() < 0.3 else person.lines[0]
        return next(number for since, number in reversed(line) if since <= at)

    def name_given(self, person, online):
        rng = self.rng
        if rng.random() < person.nameless * (0.2 if online else 1):
            return None, None
        given = person.called if person.called and rng.random() < person.calls_self else person.given
        errors = 0.02 if online else 0.11
        given, family, form = self.heard(given, errors), self.heard(person.family, errors), rng.random()
        if form < 0.14 and not online:
            return given, None
        if form < 0.19 and not online:
            return None, family
        if form < 0.225:
            return given[0], family
        return (family, given) if form < 0.235 else (given, family)

    def contact(self, person, at):
        """One contact as columns of engage.contact from channel on."""
        rng = self.rng
        home = person.moved[1] if person.moved and at >= person.moved[0] else person.home
        online = rng.random() < 0.06
        channel = 'online_report' if online else '999_voice' if rng.random() < 0.3 else '101_voice'
        number, status = (None, None) if online and rng.random() < 0.5 else self.number_shown(person, home, at)
        if online and number is None:
            status = None
        given, family = self.name_given(person, online)
        named = given or family
        born = address = postcode = email = None
        if rng.random() < (0.46 if named else 0.07):
            born = self.date_written(person.born)
        if rng.random() < (0.3 if named else 0.08):
            address = self.address_written(home)
        if rng.random() < (0.75 if address else 0.12):
            postcode = home.postcode if rng.random() > 0.06 else mistyped(
                rng, home.postcode, 'ABDEFGHJLNPQRSTUWXYZ0123456789').strip()
        if online and person.email:
            email = person.email
        return channel, number, status, given, family, born, address, postcode, email

    def times(self, person):
        """Now and then, and in bursts of days."""
        rng, over, times = self.rng, DAYS * DAY, []
        if person.contacts > 3 and rng.random() < 0.7:
            length = over * rng.uniform(0.1, 1)
        else:
            length = over
        start = rng.uniform(0, over - length)
        while len(times) < person.contacts:
            at = start + rng.random() * length
            size = 1 if rng.random() < 0.5 else 1 + int(rng.expovariate(0.18))
            gap = rng.choice((0.1, 0.5, 1.0)) * DAY
            for _ in range(min(size, person.contacts - len(times))):
                if at >= over:
                    break
                times.append(at)
                at += rng.expovariate(1 / gap)
        return times

    def contacts(self):
        """All contacts in order of time: [(person, seconds since START, columns)]."""
        made = [(at, person.number) for person in self.people for at in self.times(person)]
        return [(number, round(at, 3), self.contact(self.people[number], at)) for at, number in sorted(made)]


def written(contacts):
    """The rows of contacts as COPY takes them."""
    for ref, (_, at, columns) in enumerate(contacts):
        yield (ref, (START + datetime.timedelta(seconds=at)).isoformat(),
               *('' if column is None else column for column in columns))


# ---------------------------------------------------------------------- truth

NUMBER, STATUS, GIVEN, FAMILY, BORN, ADDRESS, POSTCODE, EMAIL = range(1, 9)


def e164(number):
    return '+44' + number[1:] if number and number[0] == '0' else number


def own_numbers(contacts, payphones):
    """The number of each contact; None where there is none or it is a known payphone."""
    payphones = set(payphones)
    numbers = (e164(columns[NUMBER]) for _, _, columns in contacts)
    return [None if number in payphones else number for number in numbers]


WINDOW = 7 * DAY
IN_WINDOW = 6
Episode = collections.namedtuple('Episode', 'started met ended contacts')


def episodes(contacts, group):
    """The episodes of "6 in 7 days" of a group of contacts, which are in order of time."""
    times, found, run = [contacts[ref][1] for ref in group], [], None
    for i in range(len(group) + 1):
        meets = i < len(group) and i >= IN_WINDOW - 1 and times[i - IN_WINDOW + 1] > times[i] - WINDOW
        if meets:
            run = (run[0] if run else i, i)
        elif run:
            first = bisect.bisect_right(times, times[run[0]] - WINDOW)
            found.append(Episode(times[first], times[run[0]], times[run[1]], group[first:run[1] + 1]))
            run = None
    return found


def grouped(labels):
    groups = collections.defaultdict(list)
    for ref, label in enumerate(labels):
        if label is not None:
            groups[label].append(ref)
    return groups


def flags_of(contacts, labels):
    return [flag for group in grouped(labels).values() if len(group) >= IN_WINDOW for flag in episodes(contacts, group)]


def overlap(a, b):
    return a.started <= b.ended and b.started <= a.ended


def flags_besides(flags, labels, others):
    """Of other flags, those during which no label of half of their contacts or more has a flag."""
    of_label = collections.defaultdict(list)
    for flag in flags:
        of_label[labels[flag.contacts[0]]].append(flag)
    besides = []
    for other in others:
        label, most = collections.Counter(labels[ref] for ref in other.contacts).most_common(1)[0]
        if 2 * most < len(other.contacts) or not any(overlap(flag, other) for flag in of_label[label]):
            besides.append(other)
    return besides


class Truth:
    """What truly happened, and how a method's groups compare with it."""

    def __init__(self, contacts, payphones):
        self.contacts, self.numbers = contacts, own_numbers(contacts, payphones)
        self.detailed = [number is not None or any(columns[GIVEN:]) for number, (_, _, columns) in
                         zip(self.numbers, contacts)]
        self.episodes = {person: episodes(contacts, group)
                         for person, group in grouped(person for person, _, _ in contacts).items()}
        self.total = sum(map(len, self.episodes.values()))
        self.people = sum(1 for found in self.episodes.values() if found)

    def judge_flags(self, flags):
        """Which flags are right, and what is found: {(person, place of the episode): hours late}."""
        right, found = 0, {}
        for flag in flags:
            person, most = collections.Counter(self.contacts[ref][0] for ref in flag.contacts).most_common(1)[0]
            if 2 * most < len(flag.contacts):
                continue
            hit = False
            for place, episode in enumerate(self.episodes[person]):
                if overlap(flag, episode):
                    late = (flag.met - episode.met) / 3600
                    found[person, place] = min(late, found.get((person, place), late))
                    hit = True
            right += hit
        return right, found

    def judge(self, method, labels, others=()):
        """The figures of a method; with other flags, also those of these that stand besides the method's own."""
        flags = flags_of(self.contacts, labels)
        flags += flags_besides(flags, labels, others)
        right, found = self.judge_flags(flags)
        result = {'method': method, 'flags': len(flags), 'false': len(flags) - right,
                  'precision': right / len(flags) if flags else 1.0, 'found': found,
                  'recall': len(found) / self.total, 'people': len({person for person, _ in found}) / self.people,
                  'on_time': sum(late <= 0 for late in found.values()) / self.total,
                  'late': sum(late > 24 for late in found.values())}
        if not others:
            detailed = {ref: person for ref, (person, _, _) in enumerate(self.contacts) if self.detailed[ref]}
            pairs = evaluate(detailed, {ref: labels[ref] for ref in detailed})
            result.update((key, pairs[key]) for key in ('f1', 'b3_precision', 'b3_recall', 'b3_f'))
        return result


def by_number(truth):
    return truth.numbers


def by_person(truth):
    return [person if detailed else None for (person, _, _), detailed in zip(truth.contacts, truth.detailed)]


def by_exact_match(truth):
    """Joined by number, by name and date of birth, or by name and postcode."""
    parents = {}

    def root(node):
        while parents.setdefault(node, node) != node:
            parents[node] = node = parents[parents[node]]
        return node

    for ref, (number, (_, _, columns)) in enumerate(zip(truth.numbers, truth.contacts)):
        name = (columns[GIVEN] or '').lower(), (columns[FAMILY] or '').lower()
        if number:
            parents[root(ref)] = root(number)
        for other in (columns[BORN], columns[POSTCODE]):
            if all(name) and other:
                parents[root(ref)] = root((name, other))
    return [root(ref) if detailed else None for ref, detailed in enumerate(truth.detailed)]


# ------------------------------------------------------------------- what it is

def shares(world, truth):
    """What the world is like: [(what, share)]."""
    columns = [columns for _, _, columns in truth.contacts]
    n, people = len(columns), world.people
    names = collections.Counter((person.given, person.family) for person in people)
    families = collections.Counter(person.family for person in people)
    made = [len(group) for group in grouped(person for person, _, _ in truth.contacts).values()]
    holders = collections.defaultdict(set)
    for person in people:
        for line in person.lines:
            for _, number in line:
                holders[number].add(person.number)
    born = [(people[person].born, row[BORN]) for person, _, row in truth.contacts if row[BORN]]
    full = [(people[person], row) for person, _, row in truth.contacts if row[GIVEN] and row[FAMILY]]
    return [
        ('contacts a person', n / len(people)),
        ('contacts of the tenth of people who make most', sum(sorted(made)[-len(people) // 10:]) / n),
        ('people with a namesake', sum(count for count in names.values() if count > 1) / len(people)),
        ('people called Smith', families['Smith'] / len(people)),
        ('changes of SIM a person', world.changes / len(people)),
        ('recycled, of these', world.recycled / world.changes),
        ('numbers held by two people or more', sum(len(held) > 1 for held in holders.values()) / len(holders)),
        ('without a name', sum(not (row[GIVEN] or row[FAMILY]) for row in columns) / n),
        ('withheld', sum(row[STATUS] == 'withheld' for row in columns) / n),
        ('with a date of birth', len(born) / n),
        ('wrong, of these', sum(a != b for a, b in born) / len(born)),
        ('with a postcode', sum(bool(row[POSTCODE]) for row in columns) / n),
        ('with an address', sum(bool(row[ADDRESS]) for row in columns) / n),
        ('full names with the family name not as it is spelt', sum(
            person.family != row[FAMILY] for person, row in full) / len(full)),
        ('full names with another given name', sum(person.given != row[GIVEN] for person, row in full) / len(full)),
        ('with any detail that identifies', sum(truth.detailed) / n),
        ('from a payphone', sum(e164(row[NUMBER]) in world.payphones for row in columns) / n),
        ('people with an episode of 6 in 7 days', truth.people / len(people)),
    ]


BOUNDS = {'contacts a person': (3, 5), 'people called Smith': (0.005, 0.018), 'changes of SIM a person': (0.95, 1.25),
          'recycled, of these': (0.25, 0.45), 'without a name': (0.33, 0.42), 'withheld': (0.08, 0.13),
          'with a date of birth': (0.28, 0.36), 'wrong, of these': (0.08, 0.12), 'with a postcode': (0.15, 0.35),
          'from a payphone': (0.008, 0.03), 'people with an episode of 6 in 7 days': (0.03, 0.09)}


def make(people, seed):
    world = World(people, seed)
    contacts = world.contacts()
    return world, contacts, Truth(contacts, world.payphones)


def check(people):
    """Whether the generator does what it should; prints what is wrong."""
    wrong = []
    world, contacts, truth = make(people, 1)
    if list(written(contacts)) != list(written(make(people, 1)[1])):
        wrong.append('the same seed gave other rows')
    if list(written(contacts)) == list(written(make(people, 2)[1])):
        wrong.append('another seed gave the same rows')
    for what, share in shares(world, truth):
        low, high = BOUNDS.get(what, (-math.inf, math.inf))
        if not low <= share <= high:
            wrong.append(f'{what}: {share:.4f} is not within {low} to {high}')
    if any(number and not re.fullmatch(r'\+44(1632|1222)\d{6}', number) for number in truth.numbers):
        wrong.append('a number that somebody could have')
    held = collections.defaultdict(list)
    for person in world.people:
        for line in person.lines:
            for since, (at, number) in enumerate(line):
                until = line[since + 1][0] if since + 1 < len(line) else DAYS * DAY
                held[number].append((at, until))
    for spans in held.values():
        spans.sort()
        if any(b[0] - a[1] < IDLE_DAYS * DAY for a, b in zip(spans, spans[1:])):
            wrong.append('a number went to another person too soon')
            break
    if max(map(len, grouped(person for person, _, _ in contacts).values())) > MOST_CONTACTS:
        wrong.append('somebody called too often')
    if truth.judge('people', by_person(truth))['precision'] != 1:
        wrong.append('the oracle has false flags')
    for fault in wrong:
        say(fault)
    say(f'{people:,} people, {len(contacts):,} contacts: {len(wrong)} faults')
    return 1 if wrong else 0


# --------------------------------------------------------------------- engage

def load(world, contacts):
    make_database()
    psql('CREATE EXTENSION engage', 'SELECT engage.setup(rules => NULL)',
         "INSERT INTO engage.rule (name, version, kind, criteria) VALUES ('week', 1, 'criteria', '{6 in 7 days}')")
    path = os.path.join(RESULTS, 'world.csv')
    with open(path, 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows((*row, 'world') for row in written(contacts))
    psql(rf"\copy engage.contact ({', '.join(COLUMNS)}, source) FROM '{path}' (FORMAT csv)")
    os.remove(path)
    psql('INSERT INTO engage.known_number (number, sharing) VALUES '
         + ', '.join(f"('{number}', 'payphone')" for number in world.payphones))
    psql('VACUUM ANALYZE engage.contact')


def callers(size):
    """The caller of each contact; of one without, None."""
    labels = [None] * size
    for line in psql("""
SELECT c.source_ref, p.caller_id FROM engage.contact c JOIN engage.persona p USING (persona_key)
WHERE c.source = 'world' AND p.caller_id IS NOT NULL""").splitlines():
        ref, caller = line.split('|')
        labels[int(ref)] = int(caller)
    return labels


def personas(contacts):
    """The persona of each contact, and of each persona how many contacts of whom it has."""
    keys, people = [None] * len(contacts), collections.defaultdict(collections.Counter)
    for line in psql("SELECT source_ref, persona_key FROM engage.contact WHERE source = 'world' "
                     "AND persona_key IS NOT NULL").splitlines():
        ref, key = line.split('|')
        keys[int(ref)] = key
        people[key][contacts[int(ref)][0]] += 1
    return keys, people


def component_sizes():
    return [int(size) for size in psql('SELECT count(*) FROM engage.persona WHERE component IS NOT NULL '
                                       'GROUP BY component ORDER BY 1 DESC LIMIT 2').split()]


def link(model, truth):
    """Link by a model and judge the callers."""
    trained = seconds('SELECT engage.train_linkage()') if model == 'trained' else 0
    took = seconds('CALL engage.refresh()')
    result = truth.judge(f'engage, {model}', callers(len(truth.contacts)))
    stored = int(psql('SELECT count(*) FROM engage.flag WHERE withdrawn_at IS NULL'))
    largest = component_sizes()
    say(f'engage, {model}: ' + (f'train {trained:.1f} s, ' if trained else '') + f'refresh {took:.1f} s; '
        f"largest components {', '.join(map(str, largest))} of {psql('SELECT count(*) FROM engage.persona')} personas; "
        + ('its flags are those of engage.flag' if stored == result['flags'] else
           f"{result['flags']} flags worked out, but {stored} in engage.flag"))
    return result


# --------------------------------------------------------------------- Splink

THRESHOLDS = (0.5, 0.9, 0.95, 0.99)


def splink_world(*arguments):
    """The expert's model of linkage.py, for numbers of which those that are shared have been taken away."""
    _, *model = linkage.splink_personas(*arguments)
    return ("SELECT *, given_name || ' ' || family_name AS full_name FROM file", *model)


def splink(truth):
    """Splink's expert model on engage's personas: a result for each threshold.

    It gets no number that engage knows, or has found, to be shared.
    """
    keys, people = personas(truth.contacts)
    path, out = os.path.join(RESULTS, 'world-personas.csv'), os.path.join(RESULTS, 'world-splink.json')
    details = ', '.join(linkage.PERSONA_COLUMNS[2:-1])
    rows = psql(r'\copy (SELECT persona_key, CASE WHEN NOT EXISTS (SELECT FROM engage.known_number k '
                'WHERE k.number = p.number) AND NOT EXISTS (SELECT FROM engage.shared_number s '
                rf'WHERE s.number = p.number) THEN number END, {details} FROM engage.persona p) TO STDOUT (FORMAT csv)')
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(linkage.PERSONA_COLUMNS)
        for row in csv.reader(rows.splitlines()):
            if row[0] in people:
                writer.writerow((*row, people[row[0]].most_common(1)[0][0]))
    with open(out.replace('.json', '.log'), 'w') as log:
        subprocess.run([sys.executable, __file__, '--child', 'world', path, out], stdout=log, stderr=log, check=True)
    with open(out) as file:
        runs = json.load(file)
    results = []
    for run in runs:
        with open(run['file'], newline='') as file:
            found = dict(csv.reader(file))
        os.remove(run['file'])
        results.append(truth.judge(f"Splink, p >= {run['threshold']}", [
            key and found.get(key) for key in keys]))
    os.remove(path)
    os.remove(out)
    say(f"Splink: train {runs[0]['train']:.1f} s, link {runs[0]['link']:.1f} s\n")
    return results


# ---------------------------------------------------------------- calibration

SAID = (0.5, 0.7, 0.9, 0.97, 0.995, 1.0)
SIZES = (1, 3, 10, 30, math.inf)
SIZE_NAMES = ('1', '2-3', '4-10', '11-30', '31 and more')
ENOUGH, NEAR = 300, 0.05


def links_judged(contacts):
    """Each link with its probability, the personas of its larger group, and whether both groups are one person's.

    A caller's links are put together again in the order of their sizes, smallest first, which is an order in which
    they can have been made.
    """
    _, people = personas(contacts)
    links = [line.split('|') for line in psql(
        "SELECT persona_a, persona_b, score, personas_a, personas_b FROM engage.link "
        "WHERE score < 'Infinity' ORDER BY personas_a + personas_b, score DESC").splitlines()]
    parents, groups = {}, {}

    def root(key):
        while parents.setdefault(key, key) != key:
            parents[key] = key = parents[parents[key]]
        return key

    for a, b, score, personas_a, personas_b in links:
        a, b = root(a), root(b)
        of_a, of_b = groups.pop(a, None) or people[a], groups.pop(b, None) or people[b]
        right = of_a.most_common(1)[0][0] == of_b.most_common(1)[0][0]
        parents[b], groups[a] = a, of_a + of_b
        yield 1 / (1 + 2 ** -float(score)), max(int(personas_a), int(personas_b)), right


IDENTIFY = """
SELECT s.ref, i.caller_id, i.probability FROM asked s, engage.identify(number => s.number, given_name => s.given,
    family_name => s.family, date_of_birth => s.born, postcode => s.postcode, address => s.address, email => s.email,
    min_probability => 0.5) i WHERE i.caller_id IS NOT NULL"""


def identify_judged(world, contacts, times):
    """Callers that identify() names for contacts that it has not seen: its probability, their personas, if right."""
    rng = random.Random('identify')
    people = [contacts[rng.randrange(len(contacts))][0] for _ in range(times)]
    path = os.path.join(RESULTS, 'world-asked.csv')
    with open(path, 'w', newline='', encoding='utf-8') as file:
        for ref, person in enumerate(people):
            columns = world.contact(world.people[person], DAYS * DAY)
            csv.writer(file).writerow((ref, *(value or '' for value in (columns[NUMBER], *columns[GIVEN:]))))
    rows = psql('CREATE TEMP TABLE asked (ref int, number text, given text, family text, born date, address text, '
                'postcode text, email text)', rf"\copy asked FROM '{path}' (FORMAT csv)", IDENTIFY).splitlines()
    os.remove(path)
    made = collections.defaultdict(collections.Counter)
    for (person, _, _), caller in zip(contacts, callers(len(contacts))):
        made[caller][person] += 1
    sizes = dict(line.split('|') for line in psql(
        'SELECT caller_id, count(*) FROM engage.persona WHERE caller_id IS NOT NULL GROUP BY 1').splitlines())
    for row in rows:
        ref, caller, said = row.split('|')
        most = made[int(caller)].most_common(1)
        yield float(said), int(sizes[caller]), bool(most) and most[0][0] == people[int(ref)]


def calibration(title, judged):
    cells = collections.defaultdict(list)
    for said, size, right in judged:
        row = bisect.bisect_left(SIZES, size)
        cells[row, bisect.bisect_left(SAID, said, 1, len(SAID) - 1) - 1].append((said, right))
    say(f'### {title}: said / right (how many)\n')
    rows = [('larger group, personas', *(f'{low:g} to {high:g}' for low, high in zip(SAID, SAID[1:])), 'all')]
    many = near = 0
    for row, name in enumerate(SIZE_NAMES):
        shown = []
        for column in range(len(SAID) - 1):
            cell = cells[row, column]
            if not cell:
                shown.append('-')
                continue
            said, right = (statistics.fmean(values) for values in zip(*cell))
            shown.append(f'{said:.3f} / {right:.3f} ({len(cell):,})')
            many += len(cell) >= ENOUGH
            near += len(cell) >= ENOUGH and abs(said - right) <= NEAR
        rows.append((name, *shown, f'{sum(len(cells[row, column]) for column in range(len(SAID) - 1)):,}'))
    table(rows)
    say(f'{near} of the {many} cells with {ENOUGH} or more are right within {NEAR} of what is said.\n')


# ----------------------------------------------------------------------- cost

def processor_ms(pid):
    with open(f'/proc/{pid}/schedstat') as file:
        return int(file.read().split()[0]) / 1e6


def cost(world, times):
    """Processor time of the server for a refresh after one new contact with a common name."""
    names = collections.Counter((person.given, person.family) for person in world.people).most_common(50)
    psql('VACUUM ANALYZE')
    session = Session(os.path.join(RESULTS, 'world-cost.log'))
    session.run('SET max_parallel_workers_per_gather = 0;')
    pid, took = session.run('SELECT pg_backend_pid();')[0], []
    at = START + datetime.timedelta(days=DAYS)
    for i in range(times + 1):
        given, family = (part.replace("'", "''") for part in names[i % len(names)][0])
        session.run(f"""INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name,
            family_name) VALUES ('cost', '{i}', '{at.isoformat()}', '101_voice', '{world.new_number()}', '{given}',
            '{family}');""")
        before = processor_ms(pid)
        session.run('CALL engage.refresh();')
        took.append(processor_ms(pid) - before)
    session.close()
    took = sorted(took[1:])
    say(f'Refresh after one new contact with a common name: {statistics.median(took):.0f} ms of processor time median, '
        f'{took[max(0, math.ceil(0.99 * len(took)) - 1)]:.0f} ms 99th percentile of {len(took)}; largest component '
        f'{component_sizes()[0]}.\n')


# -------------------------------------------------------------------- weights

LEVELS = {
    'number': ('same', 'one digit differs', 'different'),
    'name': ('same', 'one letter differs', 'alike', 'initial or short form', 'somewhat alike', 'different'),
    'date': ('same', 'one digit differs', 'day and month swapped', 'two parts same', 'year same', 'near', 'different'),
    'postcode': ('same', 'one character differs', 'same sector', 'same district', 'same area', 'different'),
    'email': ('same', 'one character differs', 'alike', 'one part same', 'somewhat alike', 'different'),
    'text': ('same', 'one letter differs', 'alike', 'a word in common', 'somewhat alike', 'different'),
    'address': ('same', 'one letter differs', 'alike', 'a word in common', 'somewhat alike', 'different'),
    'identifier': ('same', 'one character differs', 'two characters differ', 'different'),
    'category': ('same', 'different')}
MOVED = 0.01


def shifted(shares_, level, bits):
    """Shares with one of them so many bits greater, at the cost of the greatest other; None if that cannot be."""
    changed = list(shares_)
    changed[level] *= 2 ** bits
    other = max((i for i in range(len(changed)) if i != level), key=changed.__getitem__)
    changed[other] -= changed[level] - shares_[level]
    return changed if changed[other] > 0 else None


def moved(model, place, level, bits):
    """The model with one weight moved: in the smaller of its shares, so that the others hardly move."""
    model = json.loads(json.dumps(model))
    comparison = model['comparisons'][place]
    m, u = comparison['m'], comparison['u']
    if level == 0 and comparison.get('by_term'):
        comparison['people'] *= 2 ** bits
    changed = shifted(u, level, -bits) if u[level] < m[level] else None
    if changed:
        comparison['u'] = changed
    else:
        changed = shifted(m, level, bits)
        if not changed:
            return None
        comparison['m'] = changed
    return model


def prior_moved(model, key, bits):
    return {**model, key: model[key] * 2 ** bits}


def weights_of(model):
    """[(detail, level, weight, function of bits that gives the moved model)]"""
    found = [(key, '', math.log2(model[key]), functools.partial(prior_moved, model, key))
             for key in ('lambda', 'household') if model.get(key)]
    for place, comparison in enumerate(model['comparisons']):
        if 'm' not in comparison or comparison['m'] == comparison['u']:
            continue
        for level, (m, u) in enumerate(zip(comparison['m'], comparison['u'])):
            if m > 0 and u > 0:
                found.append((comparison['detail'], LEVELS[comparison['kind']][level], math.log2(m / u),
                              functools.partial(moved, model, place, level)))
    return found


def weights(truth, by):
    """Flags of the trained model with each of its weights moved in turn."""
    trained = int(psql('SELECT max(model_id) FROM engage.linkage_model'))
    model = json.loads(psql(f'SELECT model FROM engage.linkage_model WHERE model_id = {trained}'))
    base = truth.judge('trained', callers(len(truth.contacts)))
    rows = [('detail', 'level', 'weight, bits', f'recall -{by}', f'+{by}', f'precision -{by}', f'+{by}',
             f'B3 F -{by}', f'+{by}', 'moves')]
    over = 0
    for detail, level, bits, change in weights_of(model):
        results = []
        for step in (-by, by):
            other = change(step)
            if other:
                text = json.dumps(other).replace("'", "''")
                psql(f"INSERT INTO engage.linkage_model (model, origin) VALUES ('{text}', 'moved')",
                     f"""INSERT INTO engage.linkage_term (model_id, value_hash, comparison, people)
                     SELECT max(m.model_id), t.value_hash, t.comparison, t.people
                     FROM engage.linkage_model m, engage.linkage_term t WHERE t.model_id = {trained}
                     GROUP BY t.value_hash, t.comparison, t.people""", 'CALL engage.refresh()')
                results.append(truth.judge('moved', callers(len(truth.contacts))))
            else:
                results.append(None)
        most = max(abs(result[key] - base[key]) for result in results if result for key in ('recall', 'precision'))
        over += most >= MOVED
        rows.append((detail, level, f'{bits:.2f}',
                     *(f'{result[key]:.4f}' if result else '-' for key in ('recall', 'precision', 'b3_f')
                       for result in results),
                     f'{most:.4f}' + (' **over**' if most >= MOVED else '')))
    say(f"Each weight moved by {by} bits; as learnt, recall {base['recall']:.4f}, precision {base['precision']:.4f}, "
        f"B3 F {base['b3_f']:.4f}; moves: of recall or precision, the most\n")
    table(rows)
    say(f'{over} of {len(rows) - 1} weights move recall or precision by {MOVED} or more.\n')


# ----------------------------------------------------------------------- runs

def report(truth, results):
    say(f'{truth.people:,} people have {truth.total:,} true episodes of "6 in 7 days".\n')
    number = next(result for result in results if result['method'] == 'number alone')
    rows = [('method', 'flags', 'flag precision', 'false', 'episode recall', 'people recall', 'on time', 'late > 24 h',
             'only the number finds', 'F1', 'B3 P', 'B3 R', 'B3 F')]
    for r in results:
        rows.append((r['method'], r['flags'], f"{r['precision']:.4f}", r['false'], f"{r['recall']:.4f}",
                     f"{r['people']:.4f}", f"{r['on_time']:.3f}", r['late'], len(number['found'].keys() - r['found']),
                     *(f'{r[key]:.3f}' if key in r else '-' for key in ('f1', 'b3_precision', 'b3_recall', 'b3_f'))))
    table(rows)


def measure(options, seed):
    world, contacts, truth = make(options.people, seed)
    say(f'## Seed {seed}: {options.people:,} people, {len(contacts):,} contacts, {world.changes:,} changes of SIM, '
        f'{world.recycled:,} numbers recycled; load average {os.getloadavg()[0]:.1f}\n')
    table([('what', 'share'), *((what, f'{share:.3f}') for what, share in shares(world, truth))])
    results = [truth.judge('oracle, all with any detail', by_person(truth)),
               truth.judge('number alone', by_number(truth)),
               truth.judge('SQL: number, name + date of birth, or name + postcode', by_exact_match(truth))]
    numbers, calibrations = flags_of(contacts, by_number(truth)), []
    load(world, contacts)
    for model in ('shipped', 'trained'):
        results.append(link(model, truth))
        results.append(truth.judge(f'engage, {model}, and numbers besides', callers(len(contacts)), numbers))
        calibrations.append((f'{model}, links', list(links_judged(contacts))))
        if options.identify:
            calibrations.append((f'{model}, `identify`', list(identify_judged(world, contacts, options.identify))))
    if options.splink:
        results += splink(truth)
    report(truth, results)
    for title, judged in calibrations:
        calibration(title, judged)
    if options.cost:
        cost(world, options.cost)
    if options.weights:
        weights(truth, options.weights)


def main():
    if sys.argv[1:2] == ['--child']:
        linkage.THRESHOLDS, linkage.SPLINK_MODELS['world'] = THRESHOLDS, splink_world
        linkage.splink_child(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(prog='script/bench world')
    parser.add_argument('--people', type=int, default=20000)
    parser.add_argument('--seed', nargs='+', type=int, default=[1, 9])
    parser.add_argument('--splink', action='store_true', help="also Splink's expert model")
    parser.add_argument('--identify', type=int, default=4000, metavar='N', help='ask identify() about N new contacts')
    parser.add_argument('--cost', type=int, default=0, metavar='N', help='time N refreshes after one new contact')
    parser.add_argument('--weights', type=float, nargs='?', const=0.5, metavar='BITS', help='move each learnt weight')
    parser.add_argument('--check', action='store_true', help='look at the generator and no more')
    options = parser.parse_args()
    if options.check:
        return check(options.people)
    say(machine() + '\n')
    for seed in options.seed:
        measure(options, seed)
    return 0


if __name__ == '__main__':
    sys.exit(main())
