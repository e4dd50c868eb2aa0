# Both extensions in databases of other encodings than UTF8: they install, the
# simulated force is the same, and so is what the register makes of it; names
# with accents are compared as they are in UTF8.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use Test::More;

my $node = engage_node('main');

my %locale = (
	unicode => q{ENCODING 'UTF8' LOCALE 'C.UTF-8'},
	latin1 => q{ENCODING 'LATIN1' LOCALE 'C'},
	win1252 => q{ENCODING 'WIN1252' LOCALE 'C'},
	sql_ascii => q{ENCODING 'SQL_ASCII' LOCALE 'C'});

# What is one person only if accents, apostrophes and case are read
my $PEOPLE = q{
	SET client_encoding = 'UTF8';
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth, address)
	VALUES ('t', '1', '2026-02-03 10:00Z', '101_voice', '07700 900990', 'Zoë', 'Müller-Ångström', '1984-06-17', '1 Rue de l''Église'),
		('t', '2', '2026-02-03 11:00Z', '101_voice', '07700 900991', 'ZOE', 'Muller Angstrom', '1984-06-17', NULL),
		('t', '3', '2026-02-03 12:00Z', '101_voice', NULL, 'zoé', 'Mueller-Angström', '1984-06-17', NULL),
		('t', '4', '2026-02-03 13:00Z', '101_voice', '07700 900992', 'Renée', 'Ashdown', NULL, NULL),
		('t', '5', '2026-02-03 14:00Z', '101_voice', '07700 900992', 'renee', 'ASHDOWN', NULL, NULL);};

# Columns that hold no text drawn by chance: callers by what they did
my %SAME = (
	'what was simulated' => q{SELECT source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth, postcode, email FROM engage_demo.simulated_contact ORDER BY contact_no},
	callers => q{SELECT contacts, first_at, last_at FROM engage.caller ORDER BY 1, 2, 3},
	'who is whom' => q{SELECT array_agg(c.source_ref ORDER BY c.contact_id) FROM engage.contact c JOIN engage.contact_caller k USING (contact_id) GROUP BY k.caller_id ORDER BY 1},
	flags => q{SELECT rule_id, started_at, met_at, ended_at, contacts, peak FROM engage.flag ORDER BY 1, 2, 3, 4},
	days => q{SELECT date_key, channel_key, contacts, answered FROM engage.daily_count ORDER BY 1, 2, 3, 4},
	scores => q{SELECT demand_score, harm_points, natures FROM engage.caller_risk ORDER BY 1, 2, 3},
	'keys of names' => q{SET client_encoding = 'UTF8';
		SELECT engage.name_key(n), engage.sound_key(n) FROM unnest('{Renée,Ångström,Weiß,Þór,Ærøskøbing}'::text[]) n});

my %expected;
for my $db (qw(unicode latin1 win1252 sql_ascii))
{
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template0 $locale{$db}");
	$node->safe_psql(
		$db, q{
		CREATE EXTENSION engage;
		CREATE EXTENSION engage_demo;
		SELECT engage.setup();
		SELECT engage.adopt_risk_factors();
		SELECT engage_demo.simulate(people => 150, days => 28);
		SELECT engage_demo.load();} . $PEOPLE . 'CALL engage.refresh();');
	pass("$db: both are created, and a force is simulated");
	is($node->safe_psql($db, 'SELECT count(*) FROM engage.verify()'), '0', "$db: the register is in line");
	$expected{$_} //= $node->safe_psql($db, $SAME{$_}) for keys %SAME;
	same_lines($node->safe_psql($db, $SAME{$_}), $expected{$_}, "$db: $_ as in UTF8") for sort keys %SAME;

	my @views = split /\n/, $node->safe_psql($db, q{SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text LIKE 'engage%' ORDER BY c.oid::regclass::text});
	my @failed = grep { $node->psql($db, "SELECT count(v.*::text) FROM $_ v") != 0 } @views;
	is("@failed", '', "$db: every view can be read");
	is($node->safe_psql($db, q{SELECT count(*) > 0 FROM engage.lookup('07700 900992')}), 't', "$db: lookup");
	is($node->safe_psql($db, q{SET client_encoding = 'UTF8'; SELECT count(*) FROM engage.identify(given_name => 'RENÉE', family_name => 'Ashdown', number => '07700 900992') WHERE caller_id IS NOT NULL}),
		'1', "$db: identify");
}

# Bytes that are no UTF-8 are letters of an unknown kind in SQL_ASCII, and stop nobody.
$node->safe_psql(
	'sql_ascii', q{
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, email)
	VALUES ('t', '6', '2026-02-03 15:00Z', '101_voice', E'07700\xa0900993', E'Zo\xeb', E'M\xfcller', E'zo\xeb@example.com'),
		('t', '7', '2026-02-03 15:00Z', '101_voice', '07700900993', E'\xff\xfe', E'\xc3', NULL);
	CALL engage.refresh();});
is($node->safe_psql('sql_ascii', q{SELECT count(*) FROM engage.verify()}), '0', 'sql_ascii: bytes of any kind are taken');
is($node->safe_psql('sql_ascii', q{SELECT count(DISTINCT p.caller_id) FROM engage.contact c JOIN engage.persona p USING (persona_key) WHERE c.source_ref IN ('6', '7') AND c.source = 't' AND p.caller_id IS NOT NULL}) > 0, 1,
	'sql_ascii: and have callers');

done_testing();
