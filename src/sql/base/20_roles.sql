/*
 * The owner of everything and the group roles.
 *
 * Roles belong to the cluster, not to a database, so they may already exist
 * because of another one.  Those with our comment are used.  Any other is
 * refused, unless it is a plain group without members, which then becomes
 * ours.  DROP EXTENSION leaves them.
 */
DO $$
DECLARE
	wanted record;
	existing record;
	inherits text;
	marker constant text := 'engage: ';
BEGIN
	FOR wanted IN
		SELECT * FROM (VALUES
			('engage_owner', 'owns the objects of the extension; nobody is a member'),
			('engage_analyst', 'reads callers, flags and contacts, and uses the toolkit'),
			('engage_bi', 'reads what dashboards show, by pseudonym'),
			('engage_bi_named', 'reads who is behind the pseudonyms of flagged callers'),
			('engage_bi_public', 'reads what is published, small numbers suppressed'),
			('engage_handler', 'looks numbers up, identifies callers and refers them'),
			('engage_identity', 'sees who is behind the numbers, and confirms and rejects links'),
			('engage_loader', 'writes contacts'),
			('engage_operator', 'refreshes, schedules and watches; sees no personal data'),
			('engage_admin', 'sets policy and rules, and grants the other roles')
		) AS v (role, purpose)
	LOOP
		-- administrators grant the others without having their rights
		inherits := CASE wanted.role WHEN 'engage_admin' THEN 'NOINHERIT' ELSE 'INHERIT' END;
		SELECT a.rolcanlogin OR a.rolsuper OR a.rolcreaterole OR a.rolcreatedb
				OR a.rolreplication OR a.rolbypassrls AS has_attributes,
			starts_with(shobj_description(a.oid, 'pg_authid'), marker) AS is_ours,
			EXISTS (SELECT FROM pg_auth_members m WHERE a.oid IN (m.roleid, m.member)) AS has_memberships
		INTO existing FROM pg_roles a WHERE a.rolname = wanted.role;
		IF NOT FOUND THEN
			BEGIN
				EXECUTE format('CREATE ROLE %I NOLOGIN %s', wanted.role, inherits);
				EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.role, marker || wanted.purpose);
			EXCEPTION WHEN duplicate_object OR unique_violation THEN
				NULL;			-- another database created it first
			END;
		ELSIF existing.has_attributes OR (existing.is_ours IS NOT TRUE AND existing.has_memberships) THEN
			RAISE EXCEPTION 'role "%" exists and is not a plain group role of engage', wanted.role
				USING ERRCODE = 'duplicate_object',
					HINT = 'Rename or drop that role, then create the extension again.';
		ELSIF existing.is_ours IS NOT TRUE THEN
			EXECUTE format('ALTER ROLE %I %s', wanted.role, inherits);
			EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.role, marker || wanted.purpose);
		END IF;
	END LOOP;
END
$$;
