-- health() tells a library and an install script of different versions, or of
-- different builds of one version.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT * FROM no_plan();

SELECT matches(engage_internal.library_build(), '^[0-9a-f]{12}$', 'the library has a build');
SELECT is(engage_internal.script_build(), engage_internal.library_build(), 'the script is of the same');
SELECT results_eq($$SELECT status, advice FROM engage.health() WHERE item = 'library'$$, $$VALUES ('ok', NULL::text)$$, 'health is well');

SAVEPOINT builds;
CREATE OR REPLACE FUNCTION engage_internal.script_build() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 'another';
SELECT results_eq($$SELECT status, value FROM engage.health() WHERE item = 'library'$$,
	$$SELECT 'warning', format('library %1$s, extension %1$s, of different builds (%2$s, another)', engage.library_version(), engage_internal.library_build())$$,
	'another build of the same version is told');
SELECT matches((SELECT advice FROM engage.health() WHERE item = 'library'), '^Install library and script of the same build', 'and what to do');
ROLLBACK TO builds;

UPDATE pg_extension SET extversion = '0.0' WHERE extname = 'engage';
SELECT results_eq($$SELECT status, value, advice FROM engage.health() WHERE item = 'library'$$,
	$$SELECT 'warning', format('library %s, extension 0.0', engage.library_version()), 'ALTER EXTENSION engage UPDATE;'$$,
	'another version is told');

SELECT * FROM finish();
ROLLBACK;
