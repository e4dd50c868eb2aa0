# EngageChaos: sessions that change contacts, rules and known numbers at random,
# refresh and verify, all at once, each in a process of its own that outlives
# crashes of the server.
#
#   prepare_chaos    a database with waits, rules and callers whom nobody touches
#   start_sessions   writers, an administrator, refreshers, a verifier
#   stop_sessions    ends them, and settles prepared transactions
#   drain            refreshes until the queue is empty
#   picture          what the register says, by keys that do not depend on ids

package EngageChaos;

use strict;
use warnings FATAL => 'all';
use Exporter 'import';
use EngageTest;
use PostgreSQL::Test::Utils;
use Test::More;
use IO::Handle;
use POSIX qw(_exit);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(prepare_chaos start_sessions stop_sessions drain picture quiet_flags
  live_checks statement_counts unexpected_errors);

use constant PIPE_SIZE => 1031;    # fcntl's F_SETPIPE_SZ on Linux

my $QUIET = join(', ', map { "('quiet', 'q$_', timestamptz '2026-03-28 20:00Z' + $_ * interval '70 minutes', '101_voice', '+4477009009" . (90 + $_ % 3) . "')" } 1 .. 15);
my $INSERT_QUIET = "INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw) VALUES $QUIET;";

# ------------------------------------------------------------------ database

sub prepare_chaos
{
	my ($node, $db) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql(
		$db, qq{
		CREATE EXTENSION engage;
		SELECT engage.setup(rules => NULL);
		INSERT INTO engage.rule (name, version, kind, criteria, channels, top_n, top_period) VALUES
			('steady', 1, 'criteria', '{3 in 1 day, 5 in 7 days}', NULL, NULL, NULL),
			('moody', 1, 'criteria', '{4 in 2 days}', '{999_voice, 101_voice}', NULL, NULL),
			('top week', 1, 'top', NULL, NULL, 3, 'week'),
			('top day', 1, 'top', NULL, '{999_voice, sms_999}', 2, 'day');
		INSERT INTO engage.district (district, label) VALUES ('N', 'North'), ('S', 'South');
		INSERT INTO engage.incident_code (code, label) VALUES ('C1', 'Concern'), ('C2', 'Crime');
		$INSERT_QUIET
		CALL engage.refresh();
		DO \$\$BEGIN
			IF to_regrole('chaos_loader') IS NULL THEN
				CREATE ROLE chaos_loader LOGIN IN ROLE engage_loader;
				CREATE ROLE chaos_admin LOGIN IN ROLE engage_admin;
				CREATE ROLE chaos_operator LOGIN IN ROLE engage_operator;
				CREATE ROLE chaos_identity LOGIN IN ROLE engage_identity;
			END IF;
		END\$\$;});
	install_waits($node, $db);
	$node->safe_psql(
		$db, q{
		CREATE TABLE chaos.setting (wait_chance float8, wait_seconds float8, hold text);
		INSERT INTO chaos.setting VALUES (0.4, 0.03, NULL);
		GRANT SELECT ON chaos.setting TO PUBLIC;
		-- who writes waits while the queue is long: on a busy machine refresh would never come to its later stages
		CREATE FUNCTION chaos.pause(seconds float8) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
		BEGIN
			PERFORM pg_sleep(seconds);
			FOR i IN 1 .. 50 LOOP
				EXIT WHEN (SELECT count(*) FROM (SELECT FROM engage_internal.dirty LIMIT 1000) q) < 1000;
				PERFORM pg_sleep(0.1);
			END LOOP;
		END$$;
		-- a refresh that is held says where in its application_name
		CREATE OR REPLACE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
		DECLARE
			s chaos.setting;
		BEGIN
			SELECT * INTO s FROM chaos.setting;
			IF random() < s.wait_chance THEN
				PERFORM pg_sleep(random() * s.wait_seconds);
			END IF;
			IF point = s.hold THEN
				PERFORM set_config('application_name', 'held ' || point, false);
				PERFORM pg_sleep(5);
				PERFORM set_config('application_name', 'refresh', false);
			END IF;
		END$$;});
	return;
}

# ------------------------------------------------------------ transactions

sub any { return $_[ int rand @_ ]; }

sub chance { return rand() < $_[0]; }

# Few people and few hours, so that changes meet.
sub number
{
	my $n = sprintf '9001%02d', int rand 14;
	return any("'07700 $n'", "'+447700$n'", "'(07700) $n'", "'0044 7700 $n'", "'+447700$n'", 'NULL', "'junk'", "''");
}

sub moment
{
	my $at = "timestamptz '2026-03-16 00:00Z' + interval '" . int(rand(24 * 28)) . " hours'";
	return chance(0.2) ? "$at - interval '1 microsecond'" : $at;
}

sub channel { return "'" . any('999_voice', '101_voice', 'sms_999', 'email', 'live_chat') . "'"; }

sub name { return any('NULL', "'Ada'", "'Bo'", "''", "'Cy'"); }

# Few of these too, so that what joins two numbers comes and goes.
sub other_details
{
	return join(', ', any('NULL', 'NULL', "'Arkwright'", "'Barrow'"), any('NULL', 'NULL', "date '1980-05-17'", "date '1971-05-08'"),
		any('NULL', 'NULL', 'NULL', "'ada\@example.com'", "'bo\@example.com'", "'cy\@example.com'"));
}

# Listed, and not.
sub place { return any('NULL', "'N'", "'S'", "'W'"); }

sub code { return any('NULL', "'C1'", "'C2'", "'C3'"); }

sub contact_row
{
	my $ref = chance(0.15) ? "'fixed " . int(rand 40) . "'" : 'gen_random_uuid()';
	return sprintf "('w', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", $ref, moment(), channel(),
	  any(("'inbound'") x 8, "'outbound'", "'radio'"), number(),
	  any(('NULL') x 6, "'presented'", "'withheld'", "'payphone'"), name(), other_details(), place(), code();
}

sub insert_contacts
{
	return
	    'INSERT INTO engage.contact (source, source_ref, occurred_at, channel, direction, number_raw, cli_status, given_name, family_name, date_of_birth, email, district, opening_code) VALUES '
	  . join(', ', map { contact_row() } 1 .. 1 + int rand 5)
	  . ' ON CONFLICT (source, source_ref) DO '
	  . any('NOTHING;', 'UPDATE SET occurred_at = excluded.occurred_at, number_raw = excluded.number_raw;');
}

sub some_contacts
{
	my ($most) = @_;
	return "contact_id IN (SELECT contact_id FROM engage.contact WHERE source = 'w' ORDER BY random() LIMIT " . (1 + int rand $most) . ')';
}

sub update_contacts
{
	my $set = any(
		'number_raw = ' . number(),
		'number_raw = ' . number(),
		'given_name = ' . name(),
		'(family_name, date_of_birth, email) = (' . other_details() . ')',
		'occurred_at = ' . moment(),
		'occurred_at = ' . moment(),
		'channel = ' . channel(),
		'direction = ' . any("'inbound'", "'outbound'"),
		'duplicate_of = ' . any('NULL', '1'),
		'callback_of = ' . any('NULL', '1'),
		'cli_status = ' . any('NULL', "'withheld'"),
		'district = ' . place(),
		'closing_code = ' . code(),
		'(answered_at, handling_seconds) = (occurred_at + interval $$' . int(rand 20) . '.5 seconds$$, ' . int(rand 900) . ')',
		"tag = 'x'");
	return "UPDATE engage.contact SET $set WHERE " . some_contacts(4) . ';';
}

sub delete_contacts
{
	return any(
		'DELETE FROM engage.contact WHERE ' . some_contacts(5) . ';',
		# a whole persona, and whatever is too much
		"DELETE FROM engage.contact WHERE persona_key = (SELECT persona_key FROM engage.contact WHERE source = 'w' ORDER BY random() LIMIT 1);",
		"DELETE FROM engage.contact WHERE contact_id IN (SELECT contact_id FROM engage.contact WHERE source = 'w' ORDER BY random() "
		  . "LIMIT (SELECT greatest(count(*) - 500, 0) / 2 FROM engage.contact));");
}

sub merge_contacts
{
	return
	    'MERGE INTO engage.contact c USING (VALUES (' . int(rand 40) . ')) v (n) ON c.source = $$w$$ AND c.source_ref = $$fixed $$ || v.n '
	  . any(
		'WHEN MATCHED THEN DELETE;',
		'WHEN MATCHED THEN UPDATE SET number_raw = ' . number() . ';',
		'WHEN MATCHED THEN UPDATE SET occurred_at = ' . moment() . ' WHEN NOT MATCHED THEN INSERT (source, source_ref, occurred_at, channel) '
		  . 'VALUES ($$w$$, $$fixed $$ || v.n, ' . moment() . ', ' . channel() . ');');
}

sub change
{
	return any(\&insert_contacts, \&insert_contacts, \&update_contacts, \&update_contacts, \&delete_contacts, \&merge_contacts)->();
}

# One second in five is quiet, so that a refresh comes to what it does last.
my $PAUSE = 'SELECT chaos.pause(CASE WHEN extract(epoch FROM clock_timestamp())::int % 5 = 0 THEN 1 ELSE random() * 0.04 END);';

sub writers_transaction
{
	my $kind = rand;

	return change() . " $PAUSE" if $kind < 0.45;
	my $text = 'BEGIN; ' . change();
	$text .= ' SAVEPOINT s; ' . change() . ' ROLLBACK TO s; ' . change() if $kind < 0.60;
	$text .= ' SAVEPOINT s; ' . change() . ' RELEASE s; ' . change() if $kind >= 0.60 && $kind < 0.70;
	# long, and late to commit
	$text .= ' SELECT pg_sleep(' . (0.2 + rand 1.2) . ');' if $kind > 0.96;
	return $text . ' ' . (chance(0.15) ? 'ROLLBACK;' : 'COMMIT;') . " $PAUSE";
}

sub admins_transaction
{
	my $number = sprintf '+44770090010%d', int rand 5;
	my $sharing = any("'payphone'", "'communal'", "'organisation'", "'shared_household'");
	my $until = any("'infinity'", "'infinity'", "'2026-03-24'", "'2026-04-02 12:00Z'");
	my $text = any(
		"INSERT INTO engage.known_number (number, sharing) VALUES ('$number', $sharing) ON CONFLICT (number) DO UPDATE SET sharing = excluded.sharing;",
		"DELETE FROM engage.known_number WHERE number = '$number';",
		(chance(0.2) ? "SELECT engage.adopt_linkage_model('contacts');" : ()),
		"UPDATE engage.rule SET valid_to = $until WHERE (name, version) = (" . any("'moody', 1", "'moody', 2", "'top week', 1", "'top day', 1") . ');',
		q{INSERT INTO engage.rule (name, version, kind, criteria, valid_from) SELECT 'moody', max(version) + 1, 'criteria', '{4 in 3 days}', '2026-03-20'
			FROM engage.rule WHERE name = 'moody' HAVING max(version) < 4;},
		(chance(0.15) ? 'UPDATE engage.policy SET ' . any("zone = 'Pacific/Apia'", "zone = 'Europe/London'", "region = 'US'", "region = 'GB'", "flag_current_for = '28 days'", "flag_current_for = '7 days'") . ';' : ()),
		(chance(0.1) ? "INSERT INTO engage.district (district, label) VALUES ('W', 'West') ON CONFLICT DO NOTHING;" : ()),
		(chance(0.1) ? "DELETE FROM engage.district WHERE district = 'W';" : ()),
		(chance(0.1) ? "UPDATE engage.incident_code SET code = CASE code WHEN 'C2' THEN 'C3' ELSE 'C2' END WHERE code <> 'C1';" : ()));
	$text =~ s/\n\s*/ /g;
	return $text . ' SELECT chaos.pause(' . (0.1 + rand 0.4) . ');' if chance(0.7);
	return "BEGIN; $text SELECT pg_sleep(" . (rand 0.6) . '); ' . any('COMMIT;', 'COMMIT;', 'ROLLBACK;');
}

# Somebody decides on links, and now and then another model comes.  What cannot
# be decided is refused, which is no error here.
sub deciders_transaction
{
	my $verb = any('confirm_link', 'reject_link');
	# not of callers whom nobody touches
	my $anybody = q{engage.persona WHERE number IS NULL OR number NOT LIKE '+44770090099_' ORDER BY random() LIMIT 1};
	my @side = map { any("(SELECT 'persona:' || persona_key FROM $anybody)", "(SELECT number FROM $anybody)") } 1, 2;
	my $text = any(
		"PERFORM engage.$verb($side[0], $side[1], 'by lot');",
		"PERFORM engage.$verb($side[0], $side[1], 'by lot');",
		q{PERFORM engage.revoke_decision((SELECT decision_id FROM engage.link_decision WHERE revoked_at IS NULL ORDER BY random() LIMIT 1), 'by lot');});

	return "DO \$do\$ BEGIN $text EXCEPTION WHEN invalid_parameter_value OR cardinality_violation OR object_not_in_prerequisite_state OR no_data_found OR null_value_not_allowed THEN NULL; END \$do\$; "
	  . 'SELECT chaos.pause(' . (0.3 + rand 1.5) . ');';
}

# What only an owner does: TRUNCATE, and transactions that outlive a crash.
my $gid = 0;
my $SETTLE = q{SELECT format('COMMIT PREPARED %L', gid) FROM pg_prepared_xacts WHERE database = current_database()};

sub owners_transaction
{
	my $kind = rand;
	my $pause = 'SELECT chaos.pause(' . (0.5 + rand 1.5) . ');';

	if ($kind < 0.2)
	{
		my $fill = join ' ', map { insert_contacts() } 1 .. 60;
		return "BEGIN; TRUNCATE engage.contact; $INSERT_QUIET $fill " . any('COMMIT;', 'COMMIT;', 'ROLLBACK;') . " $pause";
	}
	if ($kind < 0.3)
	{
		return "TRUNCATE engage.known_number; $pause";
	}
	my $name = "chaos $$ " . $gid++;
	return 'BEGIN; ' . change() . ' ' . change() . " PREPARE TRANSACTION '$name'; $pause "
	  . any('COMMIT', 'COMMIT', 'ROLLBACK') . " PREPARED '$name';";
}

# --------------------------------------------------------------- processes

my %running;    # process id → what it is

sub in_background
{
	my ($what, $code) = @_;
	my $pid = fork() // die "could not fork: $!";

	if ($pid == 0)
	{
		eval { $code->(); 1 } or print STDERR "$what: $@";
		_exit(0);    # the test's END blocks are not for us
	}
	$running{$pid} = $what;
	return;
}

# Keep a psql fed with transactions; where it has gone, with the server or by
# an error of the connection, start another.  Until told to stop.
sub feed_psql
{
	my ($connstr, $log, $transaction, $first) = @_;
	my $stop = 0;
	my $psql;

	local $SIG{PIPE} = 'IGNORE';
	local $SIG{TERM} = sub { $stop = 1; kill 'TERM', $psql if $psql; };
	until ($stop)
	{
		$psql = open(my $to, '|-') // die "could not fork: $!";
		if ($psql == 0)
		{
			open(STDOUT, '>>', $log) and open(STDERR, '>>', $log) or _exit(1);
			exec 'psql', '-X', '-At', '-v', 'VERBOSITY=sqlstate', '-d', $connstr or _exit(1);
		}
		$to->autoflush(1);
		fcntl($to, PIPE_SIZE, 4096);    # few transactions ahead
		print $to $first if defined $first;
		while (!$stop)
		{
			print $to $transaction->(), "\n" or last;
		}
		close $to;
		sleep 0.02;
	}
	return;
}

# Run a program again and again; its output goes to a file.
sub repeat
{
	my ($log, $command) = @_;
	my $stop = 0;

	local $SIG{TERM} = sub { $stop = 1; };
	open(STDOUT, '>>', $log) and open(STDERR, '>>', $log) or die "$log: $!";
	until ($stop)
	{
		sleep 0.02 if system($command->()) != 0;
	}
	return;
}

# Live checks.  Every other one is what an operator does; the rest also tell the
# state of the queue in the same snapshot.
my $CHECK_WITH_QUEUE = q{
	SELECT 'check', (SELECT count(*) FROM engage_internal.dirty), (SELECT count(*) FROM engage_internal.dirty WHERE subject = 'everything'),
		(SELECT count(*) FROM engage.verify()), (SELECT string_agg(v::text, ' ') FROM (SELECT * FROM engage.verify() LIMIT 3) v)};

sub verifier
{
	my ($superuser, $operator) = @_;
	my $turn = 0;

	return sub {
		return ('psql', '-X', '-q', '-At', '-d', $operator, '-c',
			q{SELECT 'plain', NULL, NULL, count(*), string_agg(v::text, ' ') FROM engage.verify() v})
		  if $turn++ % 2;
		return ('psql', '-X', '-q', '-At', '-d', $superuser, '-c', 'BEGIN ISOLATION LEVEL REPEATABLE READ',
			'-c', 'LOCK TABLE engage.contact, engage.known_number IN ACCESS SHARE MODE', '-c', $CHECK_WITH_QUEUE, '-c', 'COMMIT');
	};
}

# Writers, administrator, decider, owner, refreshers and verifier; logs go to a directory.
sub start_sessions
{
	my ($node, $db, $dir, %wish) = @_;
	my $connstr = $node->connstr($db);
	my $as = sub { return "$connstr user=chaos_$_[0]"; };

	for my $n (1 .. $wish{writers} // 4)
	{
		in_background("writer $n", sub { srand($wish{seed} + $n); feed_psql($as->('loader'), "$dir/writer$n", \&writers_transaction); });
	}
	in_background('administrator', sub { srand($wish{seed} + 100); feed_psql($as->('admin'), "$dir/admin", \&admins_transaction); });
	in_background('decider', sub { srand($wish{seed} + 102); feed_psql($as->('identity'), "$dir/decider", \&deciders_transaction); });
	in_background('owner', sub { srand($wish{seed} + 101); feed_psql($connstr, "$dir/owner", \&owners_transaction, "$SETTLE\\gexec\n"); });
	for my $n (1 .. $wish{refreshers} // 2)
	{
		in_background(
			"refresher $n",
			sub {
				srand($wish{seed} + 200 + $n);
				repeat(
					"$dir/refresher$n",
					sub {
						return ('psql', '-X', '-q', '-v', 'VERBOSITY=sqlstate', '-d', $as->('operator') . ' application_name=refresh',
							'-c', 'CALL engage.refresh(' . any(20, 60, 500) . ')');
					});
			});
	}
	in_background('verifier', sub { repeat("$dir/verifier", verifier($connstr, $as->('operator'))); });
	return;
}

sub stop_sessions
{
	my ($node, $db) = @_;

	$node->safe_psql($db, 'UPDATE chaos.setting SET wait_chance = 0, hold = NULL');
	kill 'TERM', keys %running;
	for my $pid (keys %running)
	{
		waitpid($pid, 0);
		delete $running{$pid};
	}
	$node->safe_psql($db, $_) for split /\n/, $node->safe_psql($db, $SETTLE);
	poll('the sessions to end',
		sub { $node->safe_psql($db, q{SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()}) eq '0'; });
	return;
}

END
{
	kill 'KILL', keys %running;
}

# ------------------------------------------------------------------ results

sub read_lines
{
	my (@files) = @_;
	return map { split /\n/, slurp_file($_) } grep { -e } @files;
}

# (checks, those with a queue that they could tell something of, problems)
sub live_checks
{
	my ($dir) = @_;
	my ($checks, $telling, @problems) = (0, 0);

	for my $line (read_lines("$dir/verifier"))
	{
		my ($kind, $queued, $everything, $found, $text) = split /\|/, $line, 5;
		next unless $kind =~ /^(check|plain)$/;
		$checks++;
		$telling++ if $kind eq 'check' && $queued > 0 && $everything == 0;
		push @problems, "$kind: $text" if $found > 0;
	}
	return ($checks, $telling, @problems);
}

# How many statements of each kind succeeded, from psql's command tags.
sub statement_counts
{
	my ($dir) = @_;
	my %count;

	for my $line (read_lines(glob "$dir/writer* $dir/admin $dir/owner"))
	{
		my ($tag, $rows) = $line =~ /^(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|ROLLBACK PREPARED|ROLLBACK|COMMIT PREPARED|COMMIT|SAVEPOINT|PREPARE)\b.*?(\d*)$/ or next;
		$count{ lc $tag }++ unless $rows eq '0';
	}
	return %count;
}

# Errors that chaos does not explain, by file and SQLSTATE.
sub unexpected_errors
{
	my ($dir) = @_;
	# cancelled, killed, crashed, starting up
	my %anywhere = map { $_ => 1 } ('57014', '57P01', '57P02', '57P03');
	# writers meet the same row, and go on in a transaction that failed
	my %writers = map { $_ => 1 } ('40P01', '21000', '23505', '25P02', '3B001', '42704');
	my %found;

	for my $file (glob "$dir/*")
	{
		for my $line (read_lines($file))
		{
			my ($code) = $line =~ /(?:ERROR|FATAL):\s+([0-9A-Z]{5})$/ or next;
			next if $anywhere{$code} || $writers{$code} && $file !~ /refresher|verifier|decider/;
			$found{ (split /\//, $file)[-1] . " $code" }++;
		}
	}
	return map { "$_ ($found{$_} times)" } sort keys %found;
}

sub drain
{
	my ($node, $db) = @_;

	poll(
		'the queue to empty',
		sub {
			$node->safe_psql($db, 'CALL engage.refresh()');
			return $node->safe_psql($db, 'SELECT count(*) FROM engage_internal.dirty') eq '0';
		});
	return;
}

# A caller is named by the personas that are his.
my $NAMED = q{WITH named AS MATERIALIZED (
	SELECT caller_id, md5(string_agg(persona_key::text, ' ' ORDER BY persona_key)) AS name FROM engage.persona WHERE caller_id IS NOT NULL GROUP BY 1)};
my %PICTURE = (
	personas => qq{$NAMED SELECT p.persona_key, p.number_raw, p.given_name, p.family_name, p.date_of_birth, p.email, p.number, p.component, n.name
		FROM engage.persona p LEFT JOIN named n USING (caller_id) ORDER BY 1},
	timelines => 'SELECT persona_key, channel, timeline FROM engage.persona_timeline ORDER BY 1, 2',
	links => 'SELECT l FROM engage.link l ORDER BY persona_a, persona_b',
	blocks => 'SELECT b FROM engage_internal.persona_block b ORDER BY block_key, rank',
	large_blocks => 'SELECT b FROM engage_internal.block_large b ORDER BY block_key',
	shared_numbers => 'SELECT number FROM engage.shared_number ORDER BY 1',
	callers => "$NAMED SELECT n.name, timeline, contacts, first_at, last_at FROM engage.caller LEFT JOIN named n USING (caller_id) WHERE contacts > 0 ORDER BY 1",
	flags => qq{$NAMED SELECT n.name, r.name, r.version, f.started_at, f.met_at, f.ended_at, f.contacts, f.peak, f.criteria_met
		FROM engage.flag f JOIN engage.rule r USING (rule_id) LEFT JOIN named n USING (caller_id)
		WHERE f.withdrawn_at IS NULL ORDER BY 1, 2, 3, 4, 5, 6},
	days => 'SELECT c FROM engage.daily_count c ORDER BY date_key, channel_key, contact_type_key, district_key',
	hours => 'SELECT c FROM engage.hourly_count c ORDER BY date_key, time_key, channel_key, district_key',
	feeds => q{SELECT f.source, c.date_key, c.contacts, c.last_at, c.last_recorded_at, c.delay_seconds, c.without_details, c.district_not_listed,
			c.code_not_listed, c.without_handling_time, c.without_district, c.recorded_late
		FROM engage.feed_count c JOIN engage.feed f USING (feed_key) ORDER BY 1, 2},
	roster => qq{$NAMED SELECT n.name, r.rule_id, r.spell_no, r.first_day, r.last_day, r.district_key
		FROM engage.roster r LEFT JOIN named n USING (caller_id) ORDER BY 1, 2, 3},
	roster_months => qq{$NAMED SELECT n.name, r.rule_id, r.month_start, r.contacts, r.district_key, r.is_new, r.is_returned, r.is_dropped
		FROM engage.roster_month r LEFT JOIN named n USING (caller_id) ORDER BY 1, 2, 3},
	keyed_callers => "$NAMED SELECT n.name FROM engage_internal.caller_pseudonym p JOIN engage.caller c USING (caller_id) LEFT JOIN named n USING (caller_id) WHERE c.contacts > 0 ORDER BY 1");

sub picture
{
	my ($node, $db) = @_;
	my %seen = map { $_ => $node->safe_psql($db, $PICTURE{$_}) } keys %PICTURE;
	return \%seen;
}

# The flags of callers whom nobody touched, with whatever ever befell them.
sub quiet_flags
{
	my ($node, $db) = @_;
	return $node->safe_psql(
		$db, q{
		SELECT f.flag_id, p.number, f.started_at, f.met_at, f.ended_at, f.contacts, f.raised_at, f.withdrawn_at
		FROM engage.flag f JOIN engage.persona p USING (caller_id) JOIN engage.rule r USING (rule_id)
		WHERE p.number LIKE '+44770090099_' AND r.name = 'steady' ORDER BY 1});
}

1;
