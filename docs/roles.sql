-- The database's roles, for a superuser, once per server: psql -f docs/roles.sql. Doing it again changes nothing.
-- Then give those who log in a password: \password portal_migrate and \password portal_app.
\set ON_ERROR_STOP on
DO $$
DECLARE
    reader text;
BEGIN
    -- Owns everything and cannot log in; migrations log in as its member and act as it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        CREATE ROLE portal_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_migrate') THEN
        CREATE ROLE portal_migrate LOGIN IN ROLE portal_owner;
        ALTER ROLE portal_migrate SET role = 'portal_owner';
    END IF;
    -- Sees the rows of the tenant that its transaction names; has nothing of the readers below until it becomes one.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        CREATE ROLE portal_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
    END IF;
    ALTER ROLE portal_app NOINHERIT;
    -- The few who read across tenants, each for one purpose.
    FOREACH reader IN ARRAY ARRAY['portal_sign_in', 'portal_code_look_up', 'portal_console', 'portal_worker',
                                  'portal_notice', 'portal_hand_off', 'portal_upkeep', 'portal_snapshot']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = reader) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', reader);
        END IF;
        EXECUTE format('GRANT %I TO portal_app', reader);
    END LOOP;
END
$$;
