/*
 * Logins of dashboards.
 */

CREATE FUNCTION engage.set_up_bi_login(login name, role name DEFAULT 'engage_bi') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	existing record;
BEGIN
	IF (role = ANY ('{engage_bi,engage_bi_named,engage_bi_public}')) IS NOT TRUE THEN
		RAISE EXCEPTION '"%" is not a role of dashboards', role
			USING ERRCODE = 'invalid_parameter_value', HINT = 'They are engage_bi, engage_bi_named and engage_bi_public.';
	END IF;
	SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS has_attributes, r.rolcanlogin
	INTO existing FROM pg_roles r WHERE r.rolname = login;
	IF NOT FOUND THEN
		EXECUTE format('CREATE ROLE %I LOGIN', login);
	ELSIF existing.has_attributes OR NOT existing.rolcanlogin THEN
		RAISE EXCEPTION 'role "%" is not a plain login', login
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Choose another name: a login for dashboards may only read them.';
	END IF;
	EXECUTE format('GRANT %I TO %I', role, login);
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET default_transaction_read_only = on', login, current_database());
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = ''230s''', login, current_database());
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET jit = off', login, current_database());
	-- so that a fact and the dimensions that a dashboard joins to it are planned together
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET from_collapse_limit = 16', login, current_database());
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET join_collapse_limit = 16', login, current_database());
	EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I', login, current_database(), role);
END
$$;
COMMENT ON FUNCTION engage.set_up_bi_login(name, name) IS
	'Makes a login for dashboards, if there is no such login yet, and makes it a member of engage_bi, engage_bi_named or engage_bi_public. The login is read-only, uses no JIT, and has a statement timeout of 230 seconds, just under the 4 minutes of the Power BI service. Set its password with \password. You need the right to create roles. An error (22023) for a login that has rights of its own.';
