# The checks of 020_refresh_chaos.pl find a refresh that is broken.
#
# Each mutant is one known mistake, made in a database of its own, under the
# same load and the same live check.  Random load alone is known to miss some of
# them, so a mutant waits where it can be overtaken, as the true refresh does.
#
# ENGAGE_CHAOS_SEED      of the random changes

use strict;
use warnings FATAL => 'all';
use EngageTest;
use EngageChaos;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant PATIENCE => 900;    # seconds for a mutant to be found under load; most need a few
use constant AT_THE_END => 15;    # seconds for one that is found when the load is over

my $seed = $ENV{ENGAGE_CHAOS_SEED} // time() % 1_000_000;
note("seed $seed");

my $node = engage_node('mutants', q{
max_prepared_transactions = 20
deadlock_timeout = '50ms'
shared_buffers = '32MB'
});
prepare_chaos($node, 'template_chaos');

my $LOCK = 'PERFORM FROM engage_internal.refresh_lock FOR NO KEY UPDATE SKIP LOCKED;';
my $PICK = q{FROM engage_internal.dirty q WHERE q.subject = 'persona' AND (only_key IS NULL OR q.persona_key = only_key) LIMIT CASE WHEN only_key IS NULL THEN batch_size END};

sub without_lock
{
	my ($db) = @_;
	patch_function($node, $db, 'engage_internal.refresh_begin(integer)', $LOCK => 'PERFORM FROM engage_internal.refresh_lock;');
	patch_function($node, $db, 'engage_internal.refresh_step(bigint, integer)', $LOCK => 'PERFORM FROM engage_internal.refresh_lock;');
	return;
}

my @mutants = (
	[ 'no lock, but SKIP LOCKED on queue rows' => sub {
		my ($db) = @_;
		without_lock($db);
		patch_function($node, $db, 'engage_internal.recount_personas(integer, uuid)', $PICK => "$PICK FOR UPDATE SKIP LOCKED");
	} ],
	[ 'the lock taken in the statement that reads' => sub {
		my ($db) = @_;
		without_lock($db);
		patch_function($node, $db, 'engage_internal.recount_personas(integer, uuid)',
			'WITH picked AS MATERIALIZED (' => q{WITH locked AS MATERIALIZED (
				SELECT l.one FROM chaos.wait('between snapshot and lock'), engage_internal.refresh_lock l FOR NO KEY UPDATE OF l
			), picked AS MATERIALIZED (},
			$PICK => "FROM locked, engage_internal.dirty q WHERE q.subject = 'persona' LIMIT batch_size");
	} ],
	[ 'queue rows deleted before their subjects are read' => sub {
		my ($db) = @_;
		$node->safe_psql($db, q{
			CREATE TABLE chaos.taken (pid integer, persona_key uuid);
			CREATE FUNCTION chaos.take(batch_size integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
				WITH gone AS (DELETE FROM engage_internal.dirty WHERE ctid = ANY (ARRAY(SELECT ctid FROM engage_internal.dirty WHERE subject = 'persona' LIMIT batch_size)) RETURNING persona_key)
				INSERT INTO chaos.taken SELECT pg_backend_pid(), persona_key FROM gone;
			$$;
			CREATE FUNCTION chaos.give_back() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
				WITH gone AS (DELETE FROM chaos.taken WHERE pid = pg_backend_pid() RETURNING persona_key)
				INSERT INTO engage_internal.dirty (subject, persona_key, cause) SELECT 'persona', persona_key, 'mutant' FROM gone;
			$$;});
		patch_function($node, $db, 'engage.refresh(integer)',
			'WHILE engage_internal.refresh_step(run, batch_size) LOOP' => q{LOOP
				PERFORM chaos.take(batch_size);
				COMMIT;
				PERFORM chaos.give_back();
				EXIT WHEN NOT engage_internal.refresh_step(run, batch_size);});
	} ],
	[ 'queue rows deleted after their subjects are read' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.recount_personas(integer, uuid)',
			'DELETE FROM engage_internal.dirty q WHERE q.ctid = ANY (ARRAY(SELECT p.queue_row FROM picked p))' => 'SELECT 1',
			'RETURN persona_keys;' => q{PERFORM chaos.wait('between read and delete');
				DELETE FROM engage_internal.dirty q WHERE q.subject = 'persona' AND q.persona_key = ANY (persona_keys);
				RETURN persona_keys;});
	} ],
	[ 'an UPDATE queues only what its contacts are now' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.contact_changed()',
			'FROM (SELECT o.persona_key FROM old_rows o UNION SELECT n.persona_key FROM new_rows n) u' => 'FROM (SELECT n.persona_key FROM new_rows n) u');
	} ],
	[ 'a TRUNCATE queues nothing' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.contact_changed()',
			q{INSERT INTO engage_internal.dirty (subject, cause) VALUES ('everything', 'truncate');} => 'NULL;');
	} ],
	[ 'a known number that goes queues nothing' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.known_number_changed()',
			q{SELECT 'number', o.number, 'known number' FROM old_rows o;} => q{SELECT 'number', o.number, 'known number' FROM old_rows o WHERE false;});
	}, AT_THE_END ],
	[ 'a change of a rule queues nothing' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.rule_changed()',
			q{INSERT INTO engage_internal.dirty (subject, rule_id, cause) VALUES ('rule', NEW.rule_id, lower(TG_OP));} => 'NULL;');
	} ],
	[ 'queue rows of a day deleted after it is summed up' => sub {
		my ($db) = @_;
		my $delete = q{DELETE FROM engage_internal.dirty q WHERE q.subject = 'day' AND q.period_start >= LEAST(day_starts, queued) AND q.period_start < day_ends;};
		patch_function($node, $db, 'engage_internal.take_day(timestamptz)', $delete => '',
			'PERFORM engage_internal.sum_up_day(day);' => qq{PERFORM engage_internal.sum_up_day(day);
				PERFORM pg_sleep(0.5);
				$delete});
	} ],
	[ 'an UPDATE queues only the days that its contacts are of now' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.contact_changed()',
			'FROM (SELECT engage_internal.quarter_hour(o.occurred_at) AS quarter_hour FROM old_rows o' => 'FROM (SELECT engage_internal.quarter_hour(n.occurred_at) AS quarter_hour FROM new_rows n');
	} ],
	[ 'a district that is listed queues nothing' => sub {
		my ($db) = @_;
		patch_function($node, $db, 'engage_internal.list_changed()',
			q{INSERT INTO engage_internal.dirty (subject, cause) VALUES ('days', 'list'), ('roster', 'list');} => 'NULL;');
	}, AT_THE_END ]);

# Put a database under load until a check fails or patience ends.
# Returns what was found, and how.
sub found_under_load
{
	my ($db, $patience) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $began = time;
	my ($checks, $telling, @problems);

	start_sessions($node, $db, $dir, seed => $seed);
	until (@problems || time - $began > $patience)
	{
		poll('live checks', sub { my ($now) = live_checks($dir); $now > ($checks // 0) });
		($checks, $telling, @problems) = live_checks($dir);
	}
	my $took = time - $began;
	stop_sessions($node, $db);
	return sprintf 'live check %d, after %.1f s: %s', $checks, $took, substr($problems[0], 0, 120) if @problems;

	drain($node, $db);
	# by itself: under load the queue hides it, and links everything anew before long
	$node->safe_psql($db, $_) for q{INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900990', 'payphone')}, q{DELETE FROM engage.district WHERE district = 'W'},
	  'CALL engage.refresh()', 'DELETE FROM engage.known_number', q{INSERT INTO engage.district (district, label) VALUES ('W', 'West')};
	drain($node, $db);
	my $refreshed = picture($node, $db);
	$node->safe_psql($db, 'CALL engage.rebuild()');
	my $rebuilt = picture($node, $db);
	my @differ = grep { $refreshed->{$_} ne $rebuilt->{$_} } sort keys %$refreshed;
	note("$db: $checks live checks, $telling with a queue, found nothing");
	return @differ ? "at the end, by its @differ" : '';
}

sub load_database
{
	my ($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template_chaos");
	return $db;
}

is(found_under_load(load_database('unbroken'), 15), '', 'nothing is found where nothing is broken');
for my $n (0 .. $#mutants)
{
	my ($what, $break, $patience) = @{ $mutants[$n] };
	my $db = load_database("mutant$n");

	$break->($db);
	my $found = found_under_load($db, $patience // PATIENCE);
	ok($found ne '', "found: $what") and note("by $found");
}

$node->stop;
done_testing();
