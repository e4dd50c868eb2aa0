-- Which plans the aggregates get: parallel, partition-wise, and with the
-- indexes and estimates that the functions allow.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

CREATE TABLE plain_contacts AS SELECT i % 500 AS caller, '2026-01-01'::timestamptz + i * interval '1 minute' AS at FROM generate_series(1, 20000) AS i;
CREATE TABLE split_contacts (caller bigint, at timestamptz) PARTITION BY HASH (caller);
CREATE TABLE split_contacts_0 PARTITION OF split_contacts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE split_contacts_1 PARTITION OF split_contacts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO split_contacts SELECT * FROM plain_contacts;
ANALYZE plain_contacts, split_contacts;

CREATE TABLE queries (place serial, name text, query text);
INSERT INTO queries (name, query) VALUES
	('repeat_callers', $$SELECT repeat_callers(caller, at, '{5 in 1 day}') FROM plain_contacts$$),
	('repeat_callers by name', $$SELECT repeat_callers(caller::text, at, '{5 in 1 day}') FROM plain_contacts$$),
	('top_callers', $$SELECT top_callers(caller, at, 10) FROM plain_contacts$$),
	('timeline_agg', $$SELECT timeline_agg(at) FROM plain_contacts$$),
	('timeline_agg of each', $$SELECT caller, timeline_agg(at) FROM plain_contacts GROUP BY caller$$),
	('rollup', $$SELECT rollup(timeline(ARRAY[at])) FROM plain_contacts$$),
	('concentration', $$SELECT concentration(caller) FROM plain_contacts$$);

-- parallel: a partial aggregate in every worker
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT name, pg_temp.plan_has(query, 'Gather') AS gather, pg_temp.plan_has(query, 'Partial') AS partial, pg_temp.plan_has(query, 'Finalize') AS finalize, pg_temp.plan_has(query, 'Parallel Seq Scan') AS parallel_scan
FROM queries ORDER BY place;
-- the workers that it says are there
CREATE FUNCTION pg_temp.workers(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
	RETURN (SELECT max(w::integer) FROM jsonb_path_query(plan, '$.**."Workers Launched"') AS w);
END $$;
SELECT name, pg_temp.workers(query) > 0 AS launched FROM queries ORDER BY place;

-- partition-wise: an aggregate a partition
SET max_parallel_workers_per_gather = 0;
SET enable_partitionwise_aggregate = on;
SELECT name, pg_temp.plan_lines(replace(query, 'plain_contacts', 'split_contacts'), 'Partial') AS partial_aggregates, pg_temp.plan_lines(replace(query, 'plain_contacts', 'split_contacts'), 'Aggregate') AS aggregates
FROM queries WHERE name <> 'timeline_agg of each' ORDER BY place;
-- the groups of a partition key need no second step
SELECT name, pg_temp.plan_lines(replace(query, 'plain_contacts', 'split_contacts'), 'HashAggregate') AS whole_aggregates FROM queries WHERE name = 'timeline_agg of each';
SET max_parallel_workers_per_gather = 2;
SELECT name, pg_temp.plan_has(replace(query, 'plain_contacts', 'split_contacts'), 'Gather') AS gather, pg_temp.plan_lines(replace(query, 'plain_contacts', 'split_contacts'), 'Partial') AS partial_aggregates
FROM queries WHERE name <> 'timeline_agg of each' ORDER BY place;

-- whatever the plan, the same answer
CREATE TABLE answers (setting text, answer text);
SET max_parallel_workers_per_gather = 0;
RESET enable_partitionwise_aggregate;
INSERT INTO answers SELECT 'serial', repeat_callers(caller, at, '{5 in 2 days,25 in 9 days}')::text FROM plain_contacts;
SET max_parallel_workers_per_gather = 2;
INSERT INTO answers SELECT 'parallel', repeat_callers(caller, at, '{5 in 2 days,25 in 9 days}')::text FROM plain_contacts;
SET enable_partitionwise_aggregate = on;
INSERT INTO answers SELECT 'partition-wise', repeat_callers(caller, at, '{5 in 2 days,25 in 9 days}')::text FROM split_contacts;
SELECT count(*) AS settings, count(DISTINCT answer) AS different_answers, min(length(answer)) > 1000 AS long FROM answers;

-- many groups whose states do not fit work_mem go to disk in batches
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64kB';
SET enable_sort = off;
SELECT pg_temp.plan_has('SELECT at, timeline_agg(at) FROM plain_contacts GROUP BY at', 'HashAggregate') AS hashed, pg_temp.blocks_spilled('SELECT at, timeline_agg(at) FROM plain_contacts GROUP BY at') > 0 AS spills;
SELECT count(*) AS groups, sum(num_contacts(t)) AS contacts FROM (SELECT caller, timeline_agg(at) AS t FROM plain_contacts GROUP BY caller) AS g;
RESET work_mem;
RESET enable_sort;

-- accessors may be used in indexes and generated columns: they are immutable
CREATE TABLE kept (t timeline, contacts bigint GENERATED ALWAYS AS (num_contacts(t)) STORED, flagged boolean GENERATED ALWAYS AS (meets(t, '3 in 1 day')) STORED);
CREATE INDEX kept_peak ON kept (peak(t, '7 days'));
INSERT INTO kept SELECT timeline_agg(at) FROM plain_contacts GROUP BY caller;
ANALYZE kept;
SET enable_seqscan = off;
SELECT pg_temp.plan_has($$SELECT FROM kept WHERE peak(t, '7 days') > 20$$, 'kept_peak') AS uses_index;
SELECT count(*), sum(contacts), count(*) FILTER (WHERE flagged) AS flagged FROM kept WHERE peak(t, '7 days') > 20;
RESET enable_seqscan;

DROP TABLE plain_contacts, split_contacts, queries, answers, kept;
