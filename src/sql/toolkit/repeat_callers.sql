/*
 * Aggregates over whole tables of contacts: who met which criterion, and who
 * calls most.
 */

CREATE TYPE engage.criterion_met AS (
	caller bigint,
	criterion engage.criterion,
	first_met_at timestamptz,
	last_met_at timestamptz,
	episodes bigint,
	peak bigint,
	peak_started_at timestamptz,
	peak_ended_at timestamptz,
	contacts bigint
);
COMMENT ON TYPE engage.criterion_met IS
	'A caller (bigint) and a criterion that was met: the first and last contact at which it was met, the number of episodes, the fullest window with its first and last contact, and all contacts of the caller.';

CREATE TYPE engage.caller_rank AS (
	rank bigint,
	caller bigint,
	contacts bigint,
	first_at timestamptz,
	last_at timestamptz
);
COMMENT ON TYPE engage.caller_rank IS
	'A caller (bigint) with its rank by contacts; callers with equally many share a rank.';

CREATE TYPE engage.criterion_met_text AS (
	caller text,
	criterion engage.criterion,
	first_met_at timestamptz,
	last_met_at timestamptz,
	episodes bigint,
	peak bigint,
	peak_started_at timestamptz,
	peak_ended_at timestamptz,
	contacts bigint
);
COMMENT ON TYPE engage.criterion_met_text IS
	'A caller (text) and a criterion that was met: the first and last contact at which it was met, the number of episodes, the fullest window with its first and last contact, and all contacts of the caller.';

CREATE TYPE engage.caller_rank_text AS (
	rank bigint,
	caller text,
	contacts bigint,
	first_at timestamptz,
	last_at timestamptz
);
COMMENT ON TYPE engage.caller_rank_text IS
	'A caller (text) with its rank by contacts; callers with equally many share a rank.';

CREATE FUNCTION engage_internal.repeat_callers_transfn(internal, bigint, timestamptz, engage.criterion[]) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_repeat_callers_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.repeat_callers_transfn(internal, bigint, timestamptz, engage.criterion[]) IS 'Transition of repeat_callers().';

CREATE FUNCTION engage_internal.top_callers_transfn(internal, bigint, timestamptz, integer) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_top_callers_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.top_callers_transfn(internal, bigint, timestamptz, integer) IS 'Transition of top_callers().';

CREATE FUNCTION engage_internal.repeat_callers_finalfn(internal) RETURNS engage.criterion_met[]
	AS 'MODULE_PATHNAME', 'engage_repeat_callers_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.repeat_callers_finalfn(internal) IS 'Result of repeat_callers().';

CREATE FUNCTION engage_internal.top_callers_finalfn(internal) RETURNS engage.caller_rank[]
	AS 'MODULE_PATHNAME', 'engage_top_callers_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.top_callers_finalfn(internal) IS 'Result of top_callers().';

CREATE FUNCTION engage_internal.repeat_callers_text_transfn(internal, text, timestamptz, engage.criterion[]) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_repeat_callers_text_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.repeat_callers_text_transfn(internal, text, timestamptz, engage.criterion[]) IS 'Transition of repeat_callers().';

CREATE FUNCTION engage_internal.top_callers_text_transfn(internal, text, timestamptz, integer) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_top_callers_text_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.top_callers_text_transfn(internal, text, timestamptz, integer) IS 'Transition of top_callers().';

CREATE FUNCTION engage_internal.repeat_callers_text_finalfn(internal) RETURNS engage.criterion_met_text[]
	AS 'MODULE_PATHNAME', 'engage_repeat_callers_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.repeat_callers_text_finalfn(internal) IS 'Result of repeat_callers().';

CREATE FUNCTION engage_internal.top_callers_text_finalfn(internal) RETURNS engage.caller_rank_text[]
	AS 'MODULE_PATHNAME', 'engage_top_callers_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.top_callers_text_finalfn(internal) IS 'Result of top_callers().';

CREATE FUNCTION engage_internal.callers_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_callers_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.callers_combinefn(internal, internal) IS 'Combines partial states of repeat_callers() and top_callers().';

CREATE FUNCTION engage_internal.callers_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_callers_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.callers_serialfn(internal) IS 'Serializes a partial state of repeat_callers() or top_callers().';

CREATE FUNCTION engage_internal.callers_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_callers_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.callers_deserialfn(bytea, internal) IS 'Reads a partial state of repeat_callers() or top_callers().';

CREATE AGGREGATE engage.repeat_callers(caller bigint, at timestamptz, criteria engage.criterion[]) (
	SFUNC = engage_internal.repeat_callers_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.callers_combinefn,
	SERIALFUNC = engage_internal.callers_serialfn, DESERIALFUNC = engage_internal.callers_deserialfn,
	FINALFUNC = engage_internal.repeat_callers_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.repeat_callers(bigint, timestamptz, engage.criterion[]) IS
	'Who met which of the criteria, from all contacts of a table: one element per caller and criterion met, in that order: SELECT m.* FROM (SELECT engage.repeat_callers(caller, at, criteria) AS met FROM contacts) AS r, unnest(r.met) AS m. Rows with a NULL are skipped, no rows give NULL, and an empty array if nobody is found. One pass, in parallel, in work_mem, spilling to temporary files; a partial state of a parallel plan takes about 5 bytes per contact.';

CREATE AGGREGATE engage.top_callers(caller bigint, at timestamptz, n integer) (
	SFUNC = engage_internal.top_callers_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.callers_combinefn,
	SERIALFUNC = engage_internal.callers_serialfn, DESERIALFUNC = engage_internal.callers_deserialfn,
	FINALFUNC = engage_internal.top_callers_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.top_callers(bigint, timestamptz, integer) IS
	'The n callers with the most contacts, and all who tie with the last of them, most first. Rows with a NULL are skipped, no rows give NULL. Memory as for repeat_callers().';

CREATE AGGREGATE engage.repeat_callers(caller text, at timestamptz, criteria engage.criterion[]) (
	SFUNC = engage_internal.repeat_callers_text_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.callers_combinefn,
	SERIALFUNC = engage_internal.callers_serialfn, DESERIALFUNC = engage_internal.callers_deserialfn,
	FINALFUNC = engage_internal.repeat_callers_text_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.repeat_callers(text, timestamptz, engage.criterion[]) IS
	'Who met which of the criteria, from all contacts of a table: one element per caller and criterion met, in that order: SELECT m.* FROM (SELECT engage.repeat_callers(caller, at, criteria) AS met FROM contacts) AS r, unnest(r.met) AS m. Rows with a NULL are skipped, no rows give NULL, and an empty array if nobody is found. One pass, in parallel, in work_mem, spilling to temporary files; a partial state of a parallel plan takes about 5 bytes per contact.';

CREATE AGGREGATE engage.top_callers(caller text, at timestamptz, n integer) (
	SFUNC = engage_internal.top_callers_text_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.callers_combinefn,
	SERIALFUNC = engage_internal.callers_serialfn, DESERIALFUNC = engage_internal.callers_deserialfn,
	FINALFUNC = engage_internal.top_callers_text_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.top_callers(text, timestamptz, integer) IS
	'The n callers with the most contacts, and all who tie with the last of them, most first. Rows with a NULL are skipped, no rows give NULL. Memory as for repeat_callers().';

CREATE FUNCTION engage_internal.repeat_callers_written_transfn(internal, bigint, timestamptz, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_repeat_callers_written_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.repeat_callers_written_transfn(internal, bigint, timestamptz, text) IS 'Transition of repeat_callers().';

CREATE AGGREGATE engage.repeat_callers(caller bigint, at timestamptz, criteria text) (
	SFUNC = engage_internal.repeat_callers_written_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.callers_combinefn,
	SERIALFUNC = engage_internal.callers_serialfn, DESERIALFUNC = engage_internal.callers_deserialfn,
	FINALFUNC = engage_internal.repeat_callers_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.repeat_callers(bigint, timestamptz, text) IS
	'repeat_callers() for criteria written as text: one, ''5 in 1 day'', or an array, ''{5 in 1 day, 10 in 7 days}''.';

CREATE FUNCTION engage_internal.repeat_callers_text_written_transfn(internal, text, timestamptz, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_repeat_callers_text_written_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.repeat_callers_text_written_transfn(internal, text, timestamptz, text) IS 'Transition of repeat_callers().';

CREATE AGGREGATE engage.repeat_callers(caller text, at timestamptz, criteria text) (
	SFUNC = engage_internal.repeat_callers_text_written_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.callers_combinefn,
	SERIALFUNC = engage_internal.callers_serialfn, DESERIALFUNC = engage_internal.callers_deserialfn,
	FINALFUNC = engage_internal.repeat_callers_text_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.repeat_callers(text, timestamptz, text) IS
	'repeat_callers() for criteria written as text: one, ''5 in 1 day'', or an array, ''{5 in 1 day, 10 in 7 days}''.';
