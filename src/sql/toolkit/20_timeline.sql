/*
 * The type timeline: a compact multiset of times, one per contact.
 */

CREATE TYPE engage.timeline;

CREATE FUNCTION engage_internal.timeline_in(cstring) RETURNS engage.timeline
	AS 'MODULE_PATHNAME', 'engage_timeline_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_in(cstring) IS 'Reads ''{2026-01-31T21:05:00Z,...}'': ascending ISO 8601 times, each with Z or its offset. Malformed text: SQLSTATE 22P02 with a hint.';

CREATE FUNCTION engage_internal.timeline_out(engage.timeline) RETURNS cstring
	AS 'MODULE_PATHNAME', 'engage_timeline_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_out(engage.timeline) IS 'The times in ascending order as ISO 8601 in UTC, whatever the session''s settings.';

CREATE FUNCTION engage_internal.timeline_recv(internal) RETURNS engage.timeline
	AS 'MODULE_PATHNAME', 'engage_timeline_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_recv(internal) IS 'Reads the binary form and refuses any that is not canonical (SQLSTATE 22P03).';

CREATE FUNCTION engage_internal.timeline_send(engage.timeline) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_timeline_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_send(engage.timeline) IS 'The binary form: the stored bytes, whose first is the format version.';

CREATE TYPE engage.timeline (
	INPUT = engage_internal.timeline_in,
	OUTPUT = engage_internal.timeline_out,
	RECEIVE = engage_internal.timeline_recv,
	SEND = engage_internal.timeline_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = external
);
COMMENT ON TYPE engage.timeline IS 'The times of contacts: a multiset of finite times, delta-coded, at most 4 bytes per contact where times are whole seconds. Equal multisets have equal bytes.';

CREATE FUNCTION engage_internal.timeline_eq(engage.timeline, engage.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_timeline_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_eq(engage.timeline, engage.timeline) IS 'Implements the operator =.';

CREATE FUNCTION engage_internal.timeline_ne(engage.timeline, engage.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_timeline_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_ne(engage.timeline, engage.timeline) IS 'Implements the operator <>.';

CREATE FUNCTION engage_internal.timeline_lt(engage.timeline, engage.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_timeline_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_lt(engage.timeline, engage.timeline) IS 'Implements the operator <.';

CREATE FUNCTION engage_internal.timeline_le(engage.timeline, engage.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_timeline_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_le(engage.timeline, engage.timeline) IS 'Implements the operator <=.';

CREATE FUNCTION engage_internal.timeline_gt(engage.timeline, engage.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_timeline_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_gt(engage.timeline, engage.timeline) IS 'Implements the operator >.';

CREATE FUNCTION engage_internal.timeline_ge(engage.timeline, engage.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_timeline_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_ge(engage.timeline, engage.timeline) IS 'Implements the operator >=.';

CREATE FUNCTION engage_internal.timeline_cmp(engage.timeline, engage.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_timeline_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_cmp(engage.timeline, engage.timeline) IS 'Less than, equal or greater than, for btree indexes.';

CREATE FUNCTION engage_internal.timeline_hash(engage.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_timeline_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_hash(engage.timeline) IS 'Hash value, for hash indexes and joins.';

CREATE FUNCTION engage_internal.timeline_hash_extended(engage.timeline, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_timeline_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_hash_extended(engage.timeline, bigint) IS 'Seeded hash value, for hash partitions.';

CREATE OPERATOR engage.= (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline, FUNCTION = engage_internal.timeline_eq,
	COMMUTATOR = OPERATOR(engage.=), NEGATOR = OPERATOR(engage.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR engage.<> (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline, FUNCTION = engage_internal.timeline_ne,
	COMMUTATOR = OPERATOR(engage.<>), NEGATOR = OPERATOR(engage.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR engage.< (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline, FUNCTION = engage_internal.timeline_lt,
	COMMUTATOR = OPERATOR(engage.>), NEGATOR = OPERATOR(engage.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR engage.<= (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline, FUNCTION = engage_internal.timeline_le,
	COMMUTATOR = OPERATOR(engage.>=), NEGATOR = OPERATOR(engage.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR engage.> (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline, FUNCTION = engage_internal.timeline_gt,
	COMMUTATOR = OPERATOR(engage.<), NEGATOR = OPERATOR(engage.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR engage.>= (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline, FUNCTION = engage_internal.timeline_ge,
	COMMUTATOR = OPERATOR(engage.<=), NEGATOR = OPERATOR(engage.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

CREATE OPERATOR CLASS engage.timeline_ops DEFAULT FOR TYPE engage.timeline USING btree AS
	OPERATOR 1 engage.<, OPERATOR 2 engage.<=, OPERATOR 3 engage.=,
	OPERATOR 4 engage.>=, OPERATOR 5 engage.>,
	FUNCTION 1 engage_internal.timeline_cmp(engage.timeline, engage.timeline);

CREATE OPERATOR CLASS engage.timeline_hash_ops DEFAULT FOR TYPE engage.timeline USING hash AS
	OPERATOR 1 engage.=,
	FUNCTION 1 engage_internal.timeline_hash(engage.timeline),
	FUNCTION 2 engage_internal.timeline_hash_extended(engage.timeline, bigint);

CREATE FUNCTION engage.timeline(timestamptz[]) RETURNS engage.timeline
	AS 'MODULE_PATHNAME', 'engage_timeline_from_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.timeline(timestamptz[]) IS
	'Timeline of an array''s times in any order; NULL elements are skipped, infinite ones refused (SQLSTATE 22008).';

CREATE FUNCTION engage_internal.timestamptz_array(engage.timeline) RETURNS timestamptz[]
	AS 'MODULE_PATHNAME', 'engage_timeline_to_array' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timestamptz_array(engage.timeline) IS 'The times as an array, in ascending order.';

CREATE FUNCTION engage.jsonb(engage.timeline) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'engage_timeline_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.jsonb(engage.timeline) IS 'The times as a JSON array of ISO 8601 texts in UTC, in ascending order.';

CREATE CAST (timestamptz[] AS engage.timeline) WITH FUNCTION engage.timeline(timestamptz[]);
CREATE CAST (engage.timeline AS timestamptz[]) WITH FUNCTION engage_internal.timestamptz_array(engage.timeline);
CREATE CAST (engage.timeline AS jsonb) WITH FUNCTION engage.jsonb(engage.timeline);

CREATE FUNCTION engage_internal.timeline_concat(engage.timeline, engage.timeline) RETURNS engage.timeline
	AS 'MODULE_PATHNAME', 'engage_timeline_concat' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_concat(engage.timeline, engage.timeline) IS
	'Implements the operator ||: every contact of both, duplicates included.';

CREATE OPERATOR engage.|| (
	LEFTARG = engage.timeline, RIGHTARG = engage.timeline,
	FUNCTION = engage_internal.timeline_concat, COMMUTATOR = OPERATOR(engage.||)
);

CREATE FUNCTION engage.num_contacts(engage.timeline) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_num_contacts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.num_contacts(engage.timeline) IS 'Number of contacts; reads only the header.';

CREATE FUNCTION engage.num_contacts(t engage.timeline, after timestamptz, up_to timestamptz) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_num_contacts_between' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.num_contacts(engage.timeline, timestamptz, timestamptz) IS
	'How many contacts there are after one time and up to another, (after, up_to], as in a rolling window; -infinity and infinity leave a side open. An error (22023) if the range ends before it starts.';

CREATE FUNCTION engage.first_at(engage.timeline) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'engage_first_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.first_at(engage.timeline) IS 'Time of the first contact; NULL if there is none.';

CREATE FUNCTION engage.last_at(engage.timeline) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'engage_last_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.last_at(engage.timeline) IS 'Time of the last contact; NULL if there is none.';

CREATE FUNCTION engage.slice(t engage.timeline, from_at timestamptz, to_at timestamptz) RETURNS engage.timeline
	AS 'MODULE_PATHNAME', 'engage_slice' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.slice(engage.timeline, timestamptz, timestamptz) IS
	'The contacts from from_at up to but not including to_at; -infinity and infinity leave a side open. An empty timeline if there are none; an error (22023) if the slice ends before it starts.';

CREATE FUNCTION engage.contact_times(engage.timeline) RETURNS SETOF timestamptz
	AS 'MODULE_PATHNAME', 'engage_contact_times' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION engage.contact_times(engage.timeline) IS 'The times of the contacts, one row per contact, in ascending order.';

CREATE FUNCTION engage_internal.timeline_agg_transfn(internal, timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_timeline_agg_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_agg_transfn(internal, timestamptz) IS 'Transition of timeline_agg().';

CREATE FUNCTION engage_internal.rollup_transfn(internal, engage.timeline) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_rollup_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.rollup_transfn(internal, engage.timeline) IS 'Transition of rollup().';

CREATE FUNCTION engage_internal.timeline_agg_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_timeline_agg_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_agg_combinefn(internal, internal) IS 'Combines partial states of timeline_agg() and rollup().';

CREATE FUNCTION engage_internal.timeline_agg_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_timeline_agg_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_agg_serialfn(internal) IS 'Serializes a partial state of timeline_agg() or rollup().';

CREATE FUNCTION engage_internal.timeline_agg_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_timeline_agg_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_agg_deserialfn(bytea, internal) IS 'Reads a partial state of timeline_agg() or rollup().';

CREATE FUNCTION engage_internal.timeline_agg_finalfn(internal) RETURNS engage.timeline
	AS 'MODULE_PATHNAME', 'engage_timeline_agg_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.timeline_agg_finalfn(internal) IS 'Result of timeline_agg() and rollup().';

CREATE AGGREGATE engage.timeline_agg(timestamptz) (
	SFUNC = engage_internal.timeline_agg_transfn, STYPE = internal, SSPACE = 128,
	COMBINEFUNC = engage_internal.timeline_agg_combinefn,
	SERIALFUNC = engage_internal.timeline_agg_serialfn, DESERIALFUNC = engage_internal.timeline_agg_deserialfn,
	FINALFUNC = engage_internal.timeline_agg_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.timeline_agg(timestamptz) IS
	'Timeline of all times. NULLs are skipped, no times give NULL, infinite times are refused (SQLSTATE 22008). The bytes are the same for every order and split of the input.';

CREATE AGGREGATE engage.rollup(engage.timeline) (
	SFUNC = engage_internal.rollup_transfn, STYPE = internal, SSPACE = 128,
	COMBINEFUNC = engage_internal.timeline_agg_combinefn,
	SERIALFUNC = engage_internal.timeline_agg_serialfn, DESERIALFUNC = engage_internal.timeline_agg_deserialfn,
	FINALFUNC = engage_internal.timeline_agg_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.rollup(engage.timeline) IS
	'Timeline of all contacts of all timelines. NULLs are skipped, no timelines give NULL.';
