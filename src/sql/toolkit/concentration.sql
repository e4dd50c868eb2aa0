/*
 * How far a few callers account for the demand.
 */

CREATE TYPE engage.concentration AS (
	callers bigint,
	contacts bigint,
	top_1 double precision,
	top_10 double precision,
	top_100 double precision,
	top_1_percent double precision,
	top_5_percent double precision,
	top_10_percent double precision,
	gini double precision
);
COMMENT ON TYPE engage.concentration IS
	'Callers, contacts, the shares (0 to 1) of all contacts made by the top 1, 10 and 100 callers and by the top 1, 5 and 10 percent of callers (rounded up), and the Gini coefficient (0: all callers made the same number, near 1: one caller made nearly all).';

CREATE FUNCTION engage_internal.concentration_transfn(internal, bigint) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_concentration_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.concentration_transfn(internal, bigint) IS 'Transition of concentration().';

CREATE FUNCTION engage_internal.concentration_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_concentration_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.concentration_combinefn(internal, internal) IS 'Combines partial states of concentration().';

CREATE FUNCTION engage_internal.concentration_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_concentration_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.concentration_serialfn(internal) IS 'Serializes a partial state of concentration().';

CREATE FUNCTION engage_internal.concentration_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_concentration_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.concentration_deserialfn(bytea, internal) IS 'Reads a partial state of concentration().';

CREATE FUNCTION engage_internal.concentration_finalfn(internal) RETURNS engage.concentration
	AS 'MODULE_PATHNAME', 'engage_concentration_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.concentration_finalfn(internal) IS 'Result of concentration().';

CREATE AGGREGATE engage.concentration(contacts bigint) (
	SFUNC = engage_internal.concentration_transfn, STYPE = internal, SSPACE = 4096,
	COMBINEFUNC = engage_internal.concentration_combinefn,
	SERIALFUNC = engage_internal.concentration_serialfn, DESERIALFUNC = engage_internal.concentration_deserialfn,
	FINALFUNC = engage_internal.concentration_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.concentration(bigint) IS
	'Concentration of contacts on callers, from one count per caller: SELECT (engage.concentration(contacts)).* FROM callers. NULLs are skipped, no counts give NULL, negative counts are refused (22023); shares are NULL if nobody has a contact.';
