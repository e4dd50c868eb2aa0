# Rows that no one should write, by a loader's login: one at a time, then all
# together, then again in a table that has lost its constraints.  Whatever a row
# holds, refresh, rebuild, verify, every view and lookup work, the flag of
# another caller comes with the next refresh, and health() names the row that
# had to be set aside.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = engage_node('hostile', "max_worker_processes = 16\nmax_parallel_workers = 0\njit = off\nfsync = off\n");
my $db = 'hostile';

# ------------------------------------------------------------ what is written

# A contact by the loader: columns and their values beyond the four that must be.
sub contact
{
	my (%column) = @_;

	%column = (
		source => "'hostile'", source_ref => "'h' || nextval('trial.ref')", occurred_at => "now() - interval '3 hours'",
		channel => "'101_voice'", number_raw => "'07700 900666'", given_name => "'Kelia'", %column);
	my @names = sort keys %column;

	return sprintf 'INSERT INTO engage.contact (%s) VALUES (%s);', join(', ', @names), join(', ', map { $column{$_} } @names);
}

# Beyond a bound: refused, and the hint names the column.
sub refused
{
	my ($column, $value, %others) = @_;

	return [ "$column = $value", contact($column => $value, %others), $column ];
}

# Accepted or refused; nobody else may suffer.
sub odd
{
	my ($name, @statements) = @_;

	return [ $name, join("\n", @statements) ];
}

sub duplicate_of
{
	my ($name, $column, $value) = @_;

	return odd($name, contact(source_ref => "'twin-a'"), contact(source_ref => "'twin-b'"),
		"UPDATE engage.contact c SET $column = $value WHERE c.source_ref LIKE 'twin-%';");
}

my $long = "(SELECT string_agg(md5(g::text), '') FROM generate_series(1, 30000) g)";
my $marks = "'e' || repeat(U&'\\0301', 20000)";

my @kinds = (
	# times
	(map { refused('occurred_at', $_) } "'infinity'", "'-infinity'", "'294276-12-31 23:59:59+00'", "'4714-11-24 00:00:00+00 BC'",
		"'56461-03-02'", "'9999-12-31 23:59:59+00'", "'3020-01-01'", "'0001-01-01'", "'1784-05-01'"),
	(map { refused('recorded_at', $_) } "'infinity'", "'-infinity'", "'294276-12-31'", "'0001-01-01'"),
	(map { refused('answered_at', $_) } "'infinity'", "'-infinity'", "'294276-12-31'", "'9999-12-31'"),
	(map { refused('ended_at', $_) } "'infinity'", "'-infinity'", "'294276-12-31'", "'4714-11-24 BC'"),
	(map { refused('date_of_birth', $_) } "'infinity'", "'-infinity'", "'5874897-12-31'", "'4713-01-01 BC'"),
	(map { refused('handling_seconds', $_) } "-3600", "2147483647", "-2147483648"),
	(map { refused('latitude', $_) } "'NaN'", "999", "'-Infinity'"),
	(map { refused('longitude', $_) } "'NaN'", "-999", "'Infinity'"),
	(map { refused('location_radius_m', $_) } "'NaN'", "-5", "'Infinity'"),
	odd('the last day that can be', contact(occurred_at => "'2199-12-31 23:00+00'")),
	odd('the first day that can be', contact(occurred_at => "'1900-01-01 00:00+00'")),
	odd('in a year', contact(occurred_at => "now() + interval '1 year'")),
	odd('in two hours, six times', (contact(occurred_at => "now() + interval '2 hours'")) x 6),
	odd('the beginning of Unix', contact(occurred_at => 'to_timestamp(0)')),
	odd('the hour that comes twice', contact(occurred_at => "'2025-10-26 01:30 Europe/London'")),
	odd('recorded long before it occurred', contact(recorded_at => "'1900-01-02'")),
	odd('recorded in 2036', contact(recorded_at => "'2036-02-07 06:28:16+00'")),
	odd('answered before it occurred', contact(answered_at => "now() - interval '9 years'")),
	odd('answered years later', contact(answered_at => "'2190-01-01'")),
	odd('ended before it occurred', contact(ended_at => "'1999-01-01'")),
	odd('born tomorrow', contact(date_of_birth => "(now() + interval '1 day')::date")),
	odd('born in 1784', contact(date_of_birth => "'1784-02-29'")),
	odd('the same instant a thousand times',
		"INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
			SELECT 'hostile', 'same-' || g, '2026-01-01', '999_voice', '07700 900777' FROM generate_series(1, 1000) g;"),
	odd('a microsecond apart',
		"INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
			SELECT 'hostile', 'close-' || g, now() - interval '1 day' + g * interval '1 microsecond', '999_voice', '07700 900778' FROM generate_series(1, 50) g;"),
	# text
	(map { odd("a long $_", contact($_ => $long)) }
		qw(source number_raw given_name family_name address postcode email imei nominal_ref district opening_code closing_code subject tag incident_ref recording_ref)),
	odd('a long reference', contact(source_ref => $long)),
	odd('control characters', contact(map { $_ => "E'\\x01\\x02\\x1b[31m\\x7f\\r\\n\\t'" } qw(number_raw given_name family_name address postcode email imei nominal_ref))),
	odd('signs without width and the other direction', contact(map { $_ => "U&'\\202E\\200B\\FEFF\\2066'" } qw(number_raw given_name family_name address email imei))),
	odd('marks upon marks', contact(given_name => $marks, family_name => $marks, address => $marks)),
	odd('signs beyond the first plane', contact(given_name => "repeat(U&'\\+01F600', 3000)", nominal_ref => "U&'\\+01F600'")),
	odd('empty text', contact(map { $_ => "''" } qw(number_raw given_name family_name address postcode email imei nominal_ref district opening_code closing_code subject tag))),
	odd('blanks', contact(map { $_ => "'   '" } qw(number_raw given_name family_name address postcode email imei nominal_ref district closing_code))),
	odd('text that looks like SQL', contact(map { $_ => q{$q$'); DROP TABLE engage.contact; --%s$1$q$} } qw(given_name family_name address district closing_code tag subject))),
	odd('an empty source', contact(source => "''", source_ref => "''")),
	odd('sources that differ by case', contact(source => "'HOSTILE '"), contact(source => "'Hostile'")),
	# arrays and objects
	odd('qualifiers of NULL', contact(qualifiers => "ARRAY[NULL, NULL]::text[]")),
	odd('qualifiers in two dimensions', contact(qualifiers => "'{{a,b},{c,NULL}}'")),
	odd('no qualifiers', contact(qualifiers => "'{}'")),
	odd('qualifiers counted from -5', contact(qualifiers => "'[-5:-4]={alcohol,drugs}'")),
	odd('details that are an array', contact(details => "'[1, {\"birthplace\": 2}]'")),
	odd('details that are a number', contact(details => "'7'")),
	odd('details that are null', contact(details => "'null'")),
	odd('a detail that is an object', contact(details => q('{"birthplace": {"a": [1, 2]}, "warrant": [], "seen": {}}'))),
	odd('a detail that is a huge number', contact(details => q(('{"birthplace": 1e100000, "warrant": -1e100000, "seen": 1e-16000}')))),
	odd('a detail that is no date', contact(details => q('{"seen": "infinity", "birthplace": true, "warrant": ""}'))),
	odd('a detail of 00/00/0000', contact(details => q('{"seen": "00/00/0000"}')), contact(details => q('{"seen": "31/02/1984"}'), given_name => "'Oren'")),
	odd('details a hundred deep', contact(details => q((repeat('{"birthplace":', 100) || '1' || repeat('}', 100))::jsonb))),
	odd('a long detail', contact(details => "jsonb_build_object('birthplace', $long, 'warrant', $long)")),
	# what points elsewhere
	duplicate_of('a duplicate of itself', 'duplicate_of', 'contact_id'),
	duplicate_of('a call-back of itself', 'callback_of', 'contact_id'),
	duplicate_of('a ring of duplicates', 'duplicate_of', "(SELECT x.contact_id FROM engage.contact x WHERE x.source_ref LIKE 'twin-%' AND x.contact_id <> c.contact_id)"),
	duplicate_of('a ring of call-backs', 'callback_of', "(SELECT x.contact_id FROM engage.contact x WHERE x.source_ref LIKE 'twin-%' AND x.contact_id <> c.contact_id)"),
	duplicate_of('a duplicate of nothing', 'duplicate_of', '9223372036854775807'),
	duplicate_of('a call-back of nothing', 'callback_of', '-1'),
	duplicate_of('a duplicate and a call-back', 'duplicate_of', '0, callback_of = 0'),
	odd('the largest id', "INSERT INTO engage.contact (contact_id, source, source_ref, occurred_at, channel, number_raw) OVERRIDING SYSTEM VALUE
		VALUES (9223372036854775807, 'hostile', 'largest', now() - interval '1 hour', '101_voice', '07700 900666');"),
	odd('the smallest id', "INSERT INTO engage.contact (contact_id, source, source_ref, occurred_at, channel, number_raw) OVERRIDING SYSTEM VALUE
		VALUES (-9223372036854775808, 'hostile', 'smallest', now() - interval '1 hour', '101_voice', '07700 900666');"),
	# what changes under one's feet
	odd('a persona that goes and returns', contact(source_ref => "'comes'"), "DELETE FROM engage.contact WHERE source_ref = 'comes';", contact(source_ref => "'comes'")),
	odd('from the far past to the future', contact(source_ref => "'moves'", occurred_at => "'1900-01-01'"),
		"UPDATE engage.contact SET occurred_at = '2199-12-31' WHERE source_ref = 'moves';"),
	odd('another direction', contact(direction => "'internal'"), contact(direction => "'radio'"), contact(direction => "'outbound'", channel => "'callback'")),
	odd('a number that a network put in', contact(cli_status => "'inserted_08979'"), contact(number_raw => "'08979 123456'")),
	odd('nothing but defaults', contact(map { $_ => 'NULL' } qw(number_raw given_name))),
	odd('six thousand names on one number',
		"INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name)
			SELECT 'hostile', 'many-' || g, now() - g * interval '1 minute', '101_voice', '07700 900779', 'N' || md5(g::text), 'F' || md5((7 * g)::text) FROM generate_series(1, 600) g;"),
);

cmp_ok(scalar(@kinds), '>=', 60, scalar(@kinds) . ' kinds of hostile row');

# ------------------------------------------------------------- what must work

# The names of views that cannot be read whole, what verify() finds, and looks
# that fail or lack the emergency text: nothing, as a text.
my $faults = q{
CREATE FUNCTION trial.faults() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text := '';
	seen record;
BEGIN
	FOR seen IN SELECT c.oid::regclass AS view FROM pg_class c
		WHERE c.relkind = 'v' AND c.relnamespace = ANY ('{engage,engage_bi,engage_bi_named,engage_bi_public}'::regnamespace[]) ORDER BY 1
	LOOP
		BEGIN
			EXECUTE format('SELECT count(v::text) FROM %s v', seen.view);
		EXCEPTION WHEN OTHERS THEN
			found := found || format('%s: %s %s; ', seen.view, SQLSTATE, SQLERRM);
		END;
	END LOOP;
	SELECT found || COALESCE(string_agg(format('verify: %s %s %s; ', v.subject, v.key, v.problem), ''), '') INTO found
	FROM (SELECT * FROM engage.verify() LIMIT 5) v;
	FOR seen IN SELECT u.number FROM unnest(ARRAY['07700 900666', '07700 900777', '07700 900779', '07700 900101', '0', '', 'none']) u (number) LOOP
		BEGIN
			IF (SELECT count(*) FROM engage.lookup(seen.number) l WHERE l.emergency_override <> '') <> 1 THEN
				found := found || format('lookup of %L has no text; ', seen.number);
			END IF;
			PERFORM FROM engage.identify(number => seen.number, given_name => 'Kelia') i WHERE i.emergency_override <> '';
		EXCEPTION WHEN OTHERS THEN
			found := found || format('lookup of %L: %s %s; ', seen.number, SQLSTATE, SQLERRM);
		END;
	END LOOP;
	PERFORM count(h::text) FROM engage.health() h;
	RETURN found;
END
$$;};

$node->safe_psql('postgres', "CREATE DATABASE $db; CREATE ROLE hostile_loader LOGIN;");
$node->safe_psql(
	$db, q{
	CREATE EXTENSION engage;
	SELECT engage.setup();
	SELECT engage.adopt_risk_factors();
	SELECT engage.name_identity_details('{"birthplace": "text", "warrant": "identifier", "seen": "date"}');
	INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('top', 1, 'top', 5, 'week'), ('busiest', 1, 'top', 3, 'day');
	INSERT INTO engage.district (district, label) VALUES ('N1', 'North');
	INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900555', 'communal');
	GRANT engage_loader TO hostile_loader;
	CREATE SCHEMA trial;
	CREATE SEQUENCE trial.ref;
	GRANT USAGE ON SCHEMA trial TO hostile_loader;
	GRANT USAGE ON SEQUENCE trial.ref TO hostile_loader;
	-- people whom nobody may lose sight of
	INSERT INTO engage.contact (source, source_ref, occurred_at, answered_at, channel, number_raw, given_name, family_name, date_of_birth, district)
	SELECT 'force', g || '-' || n, now() - g * interval '5 days' - n * interval '20 minutes', now() - g * interval '5 days' - n * interval '20 minutes' + interval '9 seconds',
		'101_voice', '07700 90010' || g, 'Ann', 'Vint', date '1980-03-04' + g, 'N1'
	FROM generate_series(1, 9) g, generate_series(1, 7) n;
	CALL engage.refresh();} . $faults);

my $trials = 0;

# The loader writes, somebody else calls six times, and all must be well.
sub try_kind
{
	my ($kind, $name) = @_;
	my ($what, $statements, $column) = @$kind;
	my $innocent = sprintf '01632 960%03d', ++$trials;
	my ($ret, $out, $err) = $node->psql(
		$db, qq{\\set VERBOSITY verbose
		SET SESSION AUTHORIZATION hostile_loader;
		$statements}, on_error_stop => 1);

	if (defined $column)
	{
		like($err, qr/ERROR:  23514: .*HINT:[^\n]*\b$column\b/s, "$name: refused, and the hint names the column");
	}
	elsif ($ret != 0)
	{
		like($err, qr/ERROR:  (?:2[23]|54)/, "$name: refused with a reason of its own");
	}
	all_is_well($innocent, $name);
	return;
}

# What a statement prints, its errors included.
sub answer
{
	my ($sql) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql);

	return $out . $err;
}

sub all_is_well
{
	my ($innocent, $name) = @_;

	answer("INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
		SELECT 'force', '$innocent ' || g, now() - g * interval '10 minutes', '101_voice', '$innocent' FROM generate_series(1, 6) g");
	is(answer('CALL engage.refresh()'), '', "$name: refresh");
	is(answer("SELECT open_flags > 0 FROM engage.lookup('$innocent')"), 't', "$name: another caller is flagged after one refresh");
	is(answer('SELECT trial.faults()'), '', "$name: views, verify and lookup");
	is(answer('CALL engage.rebuild()'), '', "$name: rebuild");
	is(answer('SELECT count(*) FROM engage.verify()'), '0', "$name: verify after it");
	return;
}

# ------------------------------------------------------------------- the trial

my $clear = "DELETE FROM engage.contact WHERE source <> 'force'";

for my $kind (@kinds)
{
	try_kind($kind, $kind->[0]);
	answer($clear);
}

# all that is accepted, together
$node->psql($db, "SET SESSION AUTHORIZATION hostile_loader;\n$_->[1]") for @kinds;
all_is_well('07700 900980', 'all together');
answer($clear);

# A table that was filled before it had bounds: what the door would refuse is there.
answer(
	q{DO $$
	DECLARE
		bound name;
	BEGIN
		FOR bound IN SELECT c.conname FROM pg_constraint c WHERE c.conrelid = 'engage.contact'::regclass AND c.contype = 'c' LOOP
			EXECUTE format('ALTER TABLE engage.contact DROP CONSTRAINT %I', bound);
		END LOOP;
	END
	$$});
my @unbound = grep { defined $_->[2] } @kinds;

for my $kind (@unbound)
{
	my ($what, $statements) = @$kind;
	my $name = "without bounds, $what";

	is(answer($statements), '', "$name: written");
	all_is_well(sprintf('01632 960%03d', ++$trials), $name);
	is( answer(q{SELECT count(*) FROM engage.contact c
		WHERE c.source <> 'force' AND NOT EXISTS (SELECT FROM engage.health() h WHERE h.status <> 'ok' AND concat(h.value, ' ', h.advice) ~ format('\m%s\M', c.contact_id))}),
		'0',
		"$name: health() names the row");
	answer($clear);
}

answer($_->[1]) for @unbound;
all_is_well('07700 900981', 'without bounds, all together');
answer($clear);
all_is_well('07700 900982', 'when they are gone');
is(answer(q{SELECT count(*) FROM engage.health() WHERE status <> 'ok' AND item NOT IN ('verification', 'last success', 'lag', 'bounds')}), '0', 'then health() is content');
like(answer(q{SELECT value FROM engage.health() WHERE item = 'bounds'}), qr/^0 out of bounds/, 'and says that bounds are not checked');

done_testing();
