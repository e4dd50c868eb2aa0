\echo Use "CREATE EXTENSION engage_demo" to load this file. \quit

-- A simulated police force with ground truth, to try and to test engage. It is
-- a separate extension so that production databases need not have it: engage
-- never refers to it, and DROP EXTENSION engage_demo removes all of it.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE SCHEMA engage_demo;
COMMENT ON SCHEMA engage_demo IS
	'Simulated contacts with ground truth: invented people, Ofcom drama numbers. Keep out of production databases.';
