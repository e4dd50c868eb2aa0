\echo Use "CREATE EXTENSION engage" to load this file. \quit

SET LOCAL search_path TO pg_catalog, pg_temp;

-- Created here and not by the control file: if somebody made the schema
-- beforehand, the installation must fail, or the schema would stay theirs.
CREATE SCHEMA engage;
COMMENT ON SCHEMA engage IS 'Repeat contact with the police: toolkit, register and views.';

CREATE SCHEMA engage_internal;
COMMENT ON SCHEMA engage_internal IS
	'Parts of the functions and views of engage: triggers, stages of refresh, support functions. Do not use it: it may change with any version.';

CREATE FUNCTION engage.library_version() RETURNS text
	AS 'MODULE_PATHNAME', 'engage_library_version'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.library_version() IS
	'Version of the loaded shared library. Differs from pg_extension.extversion until ALTER EXTENSION engage UPDATE is run.';

CREATE FUNCTION engage_internal.library_build() RETURNS text
	AS 'MODULE_PATHNAME', 'engage_library_build'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.library_build() IS
	'Identifies the sources from which the loaded shared library was built. For health().';

CREATE FUNCTION engage_internal.script_build() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '@ENGAGE_BUILD@';
COMMENT ON FUNCTION engage_internal.script_build() IS
	'Identifies the sources from which the install script was made; the same as library_build() if both come from one build. For health().';
