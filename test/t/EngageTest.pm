# EngageTest: what the TAP tests share.
#
#   engage_node      a server of the test's own with the extension's database
#   insert_at        puts SQL at a named point of an installed function, in one test database, or dies
#   install_waits    lets refreshes be held at named points there
#   poll             waits for a condition, never for a time
#   kill_server      kill -9 of the postmaster, and a start as soon as can be
#   same_lines       two texts are equal, without showing all of both where they are not
#   rights_query     owners and rights of everything that is engage's

package EngageTest;

use strict;
use warnings FATAL => 'all';
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(engage_node insert_at install_waits poll kill_server session fails_with same_lines rights_query @WAIT_POINTS);

# A running server; extra lines of configuration are taken as they are.
sub engage_node
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(extra => ['--locale=C.UTF-8', '--encoding=UTF8']);
	$node->append_conf('postgresql.conf', "log_statement = none\ntimezone = 'UTC'\n" . ($conf // ''));
	$node->start;
	return $node;
}

# Wait until a piece of code is true; dies with what was awaited after a while.
sub poll
{
	my ($what, $code, $seconds) = @_;
	my $deadline = time() + ($seconds // $PostgreSQL::Test::Utils::timeout_default);
	my $result;

	until ($result = $code->())
	{
		die "waited in vain for $what" if time() > $deadline;
		sleep 0.01;
	}
	return $result;
}

# A server cannot start while processes of the one killed still hold its
# segment of shared memory; they go when they notice.
sub kill_server
{
	my ($node) = @_;
	my @pidfile = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	my ($pid, $segment) = ($pidfile[0], (split ' ', $pidfile[6])[1]);

	$node->kill9;
	poll(
		'the killed server and its orphans to go',
		sub {
			return !kill(0, $pid)
			  && !grep { my @field = split; $field[1] eq $segment && $field[6] > 0 } split /\n/, slurp_file('/proc/sysvipc/shm');
		});
	$node->start;
	return;
}

# A psql session that goes on in the background and survives errors.
sub session
{
	my ($node, $db, @params) = @_;

	return $node->background_psql($db, on_error_stop => 0, @params);
}

# A statement must fail with this SQLSTATE, and its hint must match.
sub fails_with
{
	my ($node, $db, $sql, $sqlstate, $hint, $name, @params) = @_;
	my ($ret, $stdout, $stderr) = $node->psql($db, "\\set VERBOSITY verbose\n$sql", on_error_stop => 0, @params);

	like($stderr, qr/^(?:psql:\S* )?ERROR:  \Q$sqlstate\E: /m, "$name: SQLSTATE $sqlstate");
	like($stderr, $hint, "$name: what it says to do") if defined $hint;
	return $stderr;
}

# Where a refresh can be held, in the order of its work.
our @WAIT_POINTS = (
	'between lock and work',
	'between the queue and contacts',
	'between personas and callers',
	'between callers and flags',
	'between personas and periods',
	'between period and flags',
	'between the queue and days',
	'before the commit');

# Where else tests put SQL.
our @OTHER_POINTS = (
	'lock of a run',
	'lock of a step',
	'between begin and steps',
	'between two steps',
	'before personas are counted',
	'before the queue is read',
	'from what the queue is read',
	'how the queue is read',
	'which queue rows go',
	'personas are counted',
	'before all are linked',
	'all are linked',
	'which days go',
	'a day is summed up',
	'personas before an UPDATE',
	'days before an UPDATE',
	'TRUNCATE of contacts',
	'known numbers that go',
	'a change of a rule',
	'a change of a list');

# Put SQL at points of installed functions.  A point is a comment in the product,
# /* point: NAME */; what is put there comes right after it.  A point that is not
# there, or there twice, means that the test no longer tests.  Returns what the
# functions were.  script/lint compares the lists above with the product.
sub insert_at
{
	my ($node, $db, @insertions) = @_;
	my @intact;

	while (my ($point, $sql) = splice(@insertions, 0, 2))
	{
		BAIL_OUT("point '$point' is in no list") unless grep { $_ eq $point } @WAIT_POINTS, @OTHER_POINTS;
		my $comment = "/* point: $point */";
		my $text = $node->safe_psql($db, qq{SELECT pg_get_functiondef(p.oid) FROM pg_proc p
			WHERE p.pronamespace::regnamespace::text LIKE 'engage%' AND p.prokind <> 'a' AND strpos(p.prosrc, \$\$$comment\$\$) > 0});
		my $found = () = $text =~ /\Q$comment\E/g;

		BAIL_OUT("point '$point' is there $found times, not once") if $found != 1;
		push @intact, $text;
		$text =~ s/\Q$comment\E/$comment $sql/;
		$node->safe_psql($db, $text);
	}
	return join ";\n", reverse @intact;
}

# Waits at @WAIT_POINTS.  What a wait does is up to the database's
# chaos.wait(point), which the caller may replace; at first it does nothing.
sub install_waits
{
	my ($node, $db) = @_;

	$node->safe_psql(
		$db, q{
		CREATE SCHEMA chaos;
		GRANT USAGE ON SCHEMA chaos TO PUBLIC;
		CREATE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS 'BEGIN END';});
	# inside a statement, before it reads contacts
	my %within = ('between the queue and contacts' =>
		  q{WITH keys AS MATERIALIZED (SELECT k.* FROM keys k CROSS JOIN chaos.wait('between the queue and contacts'))});
	insert_at($node, $db, map { $_ => $within{$_} // "PERFORM chaos.wait('$_');" } @WAIT_POINTS);
	return;
}

# Equal, without showing hundreds of lines of both where they are not.
sub same_lines
{
	my ($got, $expected, $name) = @_;
	my ($missing, $extra) = map { my ($these, $those) = @$_; my %in = map { $_ => 1 } split /\n/, $those; [ grep { !$in{$_} } split /\n/, $these ] }
	  ([ $expected, $got ], [ $got, $expected ]);

	return if ok($got eq $expected, $name);
	diag("missing: $_") for @$missing;
	diag("too much: $_") for @$extra;
	return;
}

# Owners and rights of everything in the schemas, and of a table public.pattern.
sub rights_query
{
	return q{
	WITH space AS (
		SELECT n.* FROM pg_namespace n WHERE n.nspname LIKE 'engage%'
	), object AS (
		SELECT p.oid::regprocedure::text AS name, p.proowner AS owner, coalesce(p.proacl, acldefault('f', p.proowner)) AS acl
		FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM space)
		UNION ALL
		SELECT c.relkind::text || ' ' || c.oid::regclass::text, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
		FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM space) OR c.oid = to_regclass('public.pattern')
		UNION ALL
		SELECT format('%s.%s', a.attrelid::regclass, a.attname), c.relowner, a.attacl
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace IN (SELECT oid FROM space) AND a.attacl IS NOT NULL
		UNION ALL
		SELECT 'type ' || t.oid::regtype::text, t.typowner, t.typacl FROM pg_type t WHERE t.typnamespace IN (SELECT oid FROM space)
		UNION ALL
		SELECT 'schema ' || n.nspname, n.nspowner, n.nspacl FROM space n
	)
	SELECT o.name, o.owner::regrole::text, x.grantee::regrole::text, x.privilege_type, x.is_grantable
	FROM object o LEFT JOIN LATERAL aclexplode(o.acl) x ON true
	ORDER BY 1, 2, 3, 4, 5};
}

1;
