-- Tables give nothing to PUBLIC by themselves; functions do.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA engage_demo FROM PUBLIC;
