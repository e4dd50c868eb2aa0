/*
 * The type criterion: so many contacts in a rolling window or a period.
 */

CREATE TYPE engage.criterion;

CREATE FUNCTION engage_internal.criterion_in(cstring) RETURNS engage.criterion
	AS 'MODULE_PATHNAME', 'engage_criterion_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_in(cstring) IS 'Reads a criterion: ''5 in 1 day'', ''10 or more in 7 days'', ''more than 5 in 7 days'', ''5+ calls within 24h'', ''5 per day in Europe/London''. Malformed text: SQLSTATE 22P02 with a hint.';

CREATE FUNCTION engage_internal.criterion_out(engage.criterion) RETURNS cstring
	AS 'MODULE_PATHNAME', 'engage_criterion_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_out(engage.criterion) IS 'Canonical text of a criterion; rolling widths in the largest of days, hours, minutes and seconds that divides them.';

CREATE FUNCTION engage_internal.criterion_recv(internal) RETURNS engage.criterion
	AS 'MODULE_PATHNAME', 'engage_criterion_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_recv(internal) IS 'Reads the binary form and refuses any that is not canonical (SQLSTATE 22P03).';

CREATE FUNCTION engage_internal.criterion_send(engage.criterion) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_criterion_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_send(engage.criterion) IS 'The binary form: the stored bytes, whose first is the format version.';

CREATE TYPE engage.criterion (
	INPUT = engage_internal.criterion_in,
	OUTPUT = engage_internal.criterion_out,
	RECEIVE = engage_internal.criterion_recv,
	SEND = engage_internal.criterion_send,
	INTERNALLENGTH = VARIABLE,
	STORAGE = extended,
	CATEGORY = 'S'		-- so that a plain literal is one criterion where an array would be possible too
);
COMMENT ON TYPE engage.criterion IS 'So many contacts in a rolling window (an exact duration, at an instant t the contacts in (t - width, t]) or in a calendar day, week or month of a named time zone. Text: ''5 in 1 day'', ''5 per day in Europe/London''. Source of the thresholds: Operation Engage, College of Policing practice pages.';

CREATE FUNCTION engage_internal.criterion_eq(engage.criterion, engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_criterion_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_eq(engage.criterion, engage.criterion) IS 'Implements the operator =.';

CREATE FUNCTION engage_internal.criterion_ne(engage.criterion, engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_criterion_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_ne(engage.criterion, engage.criterion) IS 'Implements the operator <>.';

CREATE FUNCTION engage_internal.criterion_lt(engage.criterion, engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_criterion_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_lt(engage.criterion, engage.criterion) IS 'Implements the operator <.';

CREATE FUNCTION engage_internal.criterion_le(engage.criterion, engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_criterion_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_le(engage.criterion, engage.criterion) IS 'Implements the operator <=.';

CREATE FUNCTION engage_internal.criterion_gt(engage.criterion, engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_criterion_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_gt(engage.criterion, engage.criterion) IS 'Implements the operator >.';

CREATE FUNCTION engage_internal.criterion_ge(engage.criterion, engage.criterion) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_criterion_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_ge(engage.criterion, engage.criterion) IS 'Implements the operator >=.';

CREATE FUNCTION engage_internal.criterion_cmp(engage.criterion, engage.criterion) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_criterion_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_cmp(engage.criterion, engage.criterion) IS 'Less than, equal or greater than, for btree indexes.';

CREATE FUNCTION engage_internal.criterion_hash(engage.criterion) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_criterion_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_hash(engage.criterion) IS 'Hash value, for hash indexes and joins.';

CREATE FUNCTION engage_internal.criterion_hash_extended(engage.criterion, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'engage_criterion_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.criterion_hash_extended(engage.criterion, bigint) IS 'Seeded hash value, for hash partitions.';

CREATE OPERATOR engage.= (
	LEFTARG = engage.criterion, RIGHTARG = engage.criterion, FUNCTION = engage_internal.criterion_eq,
	COMMUTATOR = OPERATOR(engage.=), NEGATOR = OPERATOR(engage.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR engage.<> (
	LEFTARG = engage.criterion, RIGHTARG = engage.criterion, FUNCTION = engage_internal.criterion_ne,
	COMMUTATOR = OPERATOR(engage.<>), NEGATOR = OPERATOR(engage.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR engage.< (
	LEFTARG = engage.criterion, RIGHTARG = engage.criterion, FUNCTION = engage_internal.criterion_lt,
	COMMUTATOR = OPERATOR(engage.>), NEGATOR = OPERATOR(engage.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR engage.<= (
	LEFTARG = engage.criterion, RIGHTARG = engage.criterion, FUNCTION = engage_internal.criterion_le,
	COMMUTATOR = OPERATOR(engage.>=), NEGATOR = OPERATOR(engage.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR engage.> (
	LEFTARG = engage.criterion, RIGHTARG = engage.criterion, FUNCTION = engage_internal.criterion_gt,
	COMMUTATOR = OPERATOR(engage.<), NEGATOR = OPERATOR(engage.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR engage.>= (
	LEFTARG = engage.criterion, RIGHTARG = engage.criterion, FUNCTION = engage_internal.criterion_ge,
	COMMUTATOR = OPERATOR(engage.<=), NEGATOR = OPERATOR(engage.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

CREATE OPERATOR CLASS engage.criterion_ops DEFAULT FOR TYPE engage.criterion USING btree AS
	OPERATOR 1 engage.<, OPERATOR 2 engage.<=, OPERATOR 3 engage.=,
	OPERATOR 4 engage.>=, OPERATOR 5 engage.>,
	FUNCTION 1 engage_internal.criterion_cmp(engage.criterion, engage.criterion);

CREATE OPERATOR CLASS engage.criterion_hash_ops DEFAULT FOR TYPE engage.criterion USING hash AS
	OPERATOR 1 engage.=,
	FUNCTION 1 engage_internal.criterion_hash(engage.criterion),
	FUNCTION 2 engage_internal.criterion_hash_extended(engage.criterion, bigint);

CREATE FUNCTION engage.threshold(engage.criterion) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_threshold' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.threshold(engage.criterion) IS 'How many contacts the criterion asks for: 6 for ''more than 5 in 7 days''.';

CREATE FUNCTION engage.criteria(written text) RETURNS engage.criterion[]
	AS 'MODULE_PATHNAME', 'engage_criteria' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.criteria(text) IS
	'Criteria as people write them: one (''5 in 1 day'') or an array (''{5 in 1 day, 10 in 7 days}''). NULL for NULL. Text that is neither: SQLSTATE 22P02 with a hint.';
