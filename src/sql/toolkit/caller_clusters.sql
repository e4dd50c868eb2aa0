/*
 * Aggregates over pairs of nodes: which of them are the same caller.
 */

CREATE TYPE engage.caller_cluster AS (
	node bigint,
	cluster bigint
);
COMMENT ON TYPE engage.caller_cluster IS
	'A node (bigint) and its cluster: the lowest of the nodes in it.';

CREATE TYPE engage.caller_cluster_text AS (
	node text,
	cluster text
);
COMMENT ON TYPE engage.caller_cluster_text IS
	'A node (text) and its cluster: the lowest of the nodes in it, in the order of their bytes.';

CREATE FUNCTION engage_internal.caller_clusters_transfn(internal, bigint, bigint, double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_caller_clusters_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.caller_clusters_transfn(internal, bigint, bigint, double precision) IS 'Transition of caller_clusters().';

CREATE FUNCTION engage_internal.caller_clusters_text_transfn(internal, text, text, double precision) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_caller_clusters_text_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.caller_clusters_text_transfn(internal, text, text, double precision) IS 'Transition of caller_clusters().';

CREATE FUNCTION engage_internal.connected_components_transfn(internal, bigint, bigint) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_connected_components_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.connected_components_transfn(internal, bigint, bigint) IS 'Transition of connected_components().';

CREATE FUNCTION engage_internal.connected_components_text_transfn(internal, text, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_connected_components_text_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.connected_components_text_transfn(internal, text, text) IS 'Transition of connected_components().';

CREATE FUNCTION engage_internal.node_pairs_finalfn(internal) RETURNS engage.caller_cluster[]
	AS 'MODULE_PATHNAME', 'engage_node_pairs_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.node_pairs_finalfn(internal) IS 'Result of caller_clusters() and connected_components().';

CREATE FUNCTION engage_internal.node_pairs_text_finalfn(internal) RETURNS engage.caller_cluster_text[]
	AS 'MODULE_PATHNAME', 'engage_node_pairs_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.node_pairs_text_finalfn(internal) IS 'Result of caller_clusters() and connected_components().';

CREATE FUNCTION engage_internal.node_pairs_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_node_pairs_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.node_pairs_combinefn(internal, internal) IS 'Combines partial states of caller_clusters() and connected_components().';

CREATE FUNCTION engage_internal.node_pairs_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_node_pairs_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.node_pairs_serialfn(internal) IS 'Serializes a partial state of caller_clusters() or connected_components().';

CREATE FUNCTION engage_internal.node_pairs_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_node_pairs_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.node_pairs_deserialfn(bytea, internal) IS 'Reads a partial state of caller_clusters() or connected_components().';

CREATE AGGREGATE engage.caller_clusters(a bigint, b bigint, weight double precision) (
	SFUNC = engage_internal.caller_clusters_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.node_pairs_combinefn,
	SERIALFUNC = engage_internal.node_pairs_serialfn, DESERIALFUNC = engage_internal.node_pairs_deserialfn,
	FINALFUNC = engage_internal.node_pairs_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.caller_clusters(bigint, bigint, double precision) IS
	'Which nodes are the same, from evidence on pairs of them, without chaining: SELECT (unnest(engage.caller_clusters(a, b, weight))).* FROM pairs. weight is in bits, log2 of the odds that a and b are the same; Infinity: they are; -Infinity: they are not, which is stronger. The two groups with the most evidence between them are merged, while it is positive. A row with a NULL, or with a = b, only adds its node; no node gives NULL. Errors: 22023 for NaN or more than a million bits; 54000 beyond 1 GB.';

CREATE AGGREGATE engage.caller_clusters(a text, b text, weight double precision) (
	SFUNC = engage_internal.caller_clusters_text_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.node_pairs_combinefn,
	SERIALFUNC = engage_internal.node_pairs_serialfn, DESERIALFUNC = engage_internal.node_pairs_deserialfn,
	FINALFUNC = engage_internal.node_pairs_text_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.caller_clusters(text, text, double precision) IS
	'Which nodes are the same, from evidence on pairs of them, without chaining: SELECT (unnest(engage.caller_clusters(a, b, weight))).* FROM pairs. weight is in bits, log2 of the odds that a and b are the same; Infinity: they are; -Infinity: they are not, which is stronger. The two groups with the most evidence between them are merged, while it is positive. A row with a NULL, or with a = b, only adds its node; no node gives NULL. Errors: 22023 for NaN or more than a million bits; 54000 beyond 1 GB.';

CREATE AGGREGATE engage.connected_components(a bigint, b bigint) (
	SFUNC = engage_internal.connected_components_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.node_pairs_combinefn,
	SERIALFUNC = engage_internal.node_pairs_serialfn, DESERIALFUNC = engage_internal.node_pairs_deserialfn,
	FINALFUNC = engage_internal.node_pairs_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.connected_components(bigint, bigint) IS
	'Which nodes are connected by pairs of them, directly or through others: one element per node, in order, with the lowest node that it is connected to: SELECT (unnest(engage.connected_components(a, b))).* FROM pairs. A row with a NULL only adds its node; no node gives NULL. 54000: a result, or a partial state, beyond 1 GB. Memory: 56 bytes per node, plus names, twice that while they grow, however many pairs there are.';

CREATE AGGREGATE engage.connected_components(a text, b text) (
	SFUNC = engage_internal.connected_components_text_transfn, STYPE = internal, SSPACE = 4194304,
	COMBINEFUNC = engage_internal.node_pairs_combinefn,
	SERIALFUNC = engage_internal.node_pairs_serialfn, DESERIALFUNC = engage_internal.node_pairs_deserialfn,
	FINALFUNC = engage_internal.node_pairs_text_finalfn, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.connected_components(text, text) IS
	'Which nodes are connected by pairs of them, directly or through others: one element per node, in order, with the lowest node that it is connected to: SELECT (unnest(engage.connected_components(a, b))).* FROM pairs. A row with a NULL only adds its node; no node gives NULL. 54000: a result, or a partial state, beyond 1 GB. Memory: 56 bytes per node, plus names, twice that while they grow, however many pairs there are.';
