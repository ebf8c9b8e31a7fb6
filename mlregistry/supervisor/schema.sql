-- Made by `manage.py freeze_schema`; never changed by hand.
CREATE FUNCTION public.experiments_count_new_rows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE experiments_run SET changes = changes + 1 WHERE id IN (SELECT run_id FROM fresh);
    RETURN NULL;
END $$;
CREATE FUNCTION public.experiments_count_old_rows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE experiments_run SET changes = changes + 1 WHERE id IN (SELECT run_id FROM former);
    RETURN NULL;
END $$;
CREATE FUNCTION public.experiments_count_texts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.changes := GREATEST(NEW.changes, OLD.changes + 1);
    RETURN NEW;
END $$;
CREATE FUNCTION public.experiments_create_run(the_run uuid, the_team bigint, the_experiment bigint, new_name text, new_start timestamp with time zone, new_user_name text, new_note text, new_timeout integer, new_parent uuid, new_estimator text, new_recipe jsonb, new_baseline boolean, the_version bigint, tag_keys text[], tag_values text[], the_user bigint, the_door text) RETURNS TABLE(place_id bigint, place_location text, place_lifecycle text, place_is_default boolean, place_problem bigint, found_parent uuid)
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF the_experiment IS NULL THEN
        SELECT id, artifact_location, lifecycle, is_default, problem_id
        INTO place_id, place_location, place_lifecycle, place_is_default, place_problem
        FROM experiments_experiment WHERE is_default AND team_id = the_team;
    ELSE
        SELECT id, artifact_location, lifecycle, is_default, problem_id
        INTO place_id, place_location, place_lifecycle, place_is_default, place_problem
        FROM experiments_experiment WHERE id = the_experiment AND team_id = the_team;
    END IF;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF place_lifecycle = 'active' THEN
        IF new_parent IS NOT NULL THEN
            found_parent := (
                SELECT other.id FROM experiments_run AS other
                JOIN experiments_experiment AS around ON around.id = other.experiment_id
                WHERE other.id = new_parent AND around.team_id = the_team);
        END IF;
        INSERT INTO experiments_run (
            id, experiment_id, name, status, lifecycle, estimator, is_baseline, recipe, warnings, error, note,
            problem_id, dataset_version_id, parent_id, created_by_id, user_name, changes, active_at,
            timeout_seconds, timed_out, started_at)
        VALUES (
            the_run, place_id, new_name, 'RUNNING', 'active', new_estimator, new_baseline, new_recipe, '[]', '',
            new_note, place_problem, the_version, found_parent, the_user, new_user_name, 0, now(),
            new_timeout, false, new_start);
        IF tag_keys IS NOT NULL THEN
            INSERT INTO experiments_runtag (run_id, experiment_id, key, value)
            SELECT the_run, place_id, given.key, given.value FROM unnest(tag_keys, tag_values) AS given(key, value);
        END IF;
        INSERT INTO accounts_auditevent
            (team_id, user_id, action, target_type, target_id, target_name, details, via, at)
        VALUES (the_team, the_user, 'run.create', 'experiments.run', the_run::text, new_name, '{}', the_door, now());
    END IF;
    RETURN NEXT;
END
$$;
CREATE FUNCTION public.experiments_log(the_run uuid, the_team bigint, metric_keys text[], starts integer[], stops integer[], all_timestamps bigint[], all_steps bigint[], all_numbers double precision[], first_ats bigint[], last_ats bigint[], latest_steps bigint[], latest_timestamps bigint[], latest_values double precision[], latest_nans boolean[], minimums double precision[], maximums double precision[], param_keys text[], param_values text[], tag_keys text[], tag_values text[], new_name text, new_note text, new_parent uuid) RETURNS TABLE(problem text, subject text, stored text)
    LANGUAGE plpgsql
    AS $$
DECLARE
    place bigint;
    state text;
    this_change bigint;
BEGIN
    -- Locks the run until the end, so that writers of one run take turns; tells readers that it changed.
    -- A subquery and no join: it is asked again for a run that was moved while this waited for its lock.
    UPDATE experiments_run AS run SET changes = run.changes + 1, active_at = now()
    WHERE run.id = the_run
      AND the_team = (SELECT place.team_id FROM experiments_experiment AS place WHERE place.id = run.experiment_id)
    RETURNING run.experiment_id, run.lifecycle, run.changes INTO place, state, this_change;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing'::text, NULL::text, NULL::text;
        RETURN;
    END IF;
    IF state <> 'active' THEN
        RETURN QUERY SELECT 'deleted'::text, NULL::text, NULL::text;
        RETURN;
    END IF;
    IF param_keys IS NOT NULL THEN
        RETURN QUERY
            SELECT 'param'::text, param.key::text, param.value
            FROM unnest(param_keys, param_values) AS given(key, value)
            JOIN experiments_param AS param ON param.run_id = the_run AND param.key = given.key
            WHERE param.value <> given.value
            ORDER BY param.key;
        IF FOUND THEN
            RETURN;
        END IF;
        INSERT INTO experiments_param (run_id, experiment_id, key, value)
        SELECT the_run, place, given.key, given.value
        FROM unnest(param_keys, param_values) AS given(key, value)
        ON CONFLICT DO NOTHING;
    END IF;
    IF metric_keys IS NOT NULL THEN
        INSERT INTO experiments_metricchunk
            (run_id, key, change, first_at, last_at, timestamps, steps, numbers)
        SELECT the_run, given.key, this_change, given.first_at, given.last_at,
               all_timestamps[given.start:given.stop], all_steps[given.start:given.stop],
               all_numbers[given.start:given.stop]
        FROM unnest(metric_keys, starts, stops, first_ats, last_ats)
            AS given(key, start, stop, first_at, last_at);
        INSERT INTO experiments_latestmetric AS latest
            (run_id, experiment_id, key, step, timestamp, value, is_nan, minimum, maximum)
        SELECT the_run, place, given.*
        FROM unnest(metric_keys, latest_steps, latest_timestamps, latest_values, latest_nans, minimums, maximums)
            AS given
        ON CONFLICT (run_id, key) DO UPDATE SET
            (step, timestamp, value, is_nan) = (
                SELECT later.step, later.timestamp, later.value, later.is_nan
                FROM (VALUES (excluded.step, excluded.timestamp, excluded.value, excluded.is_nan),
                             (latest.step, latest.timestamp, latest.value, latest.is_nan))
                    AS later(step, timestamp, value, is_nan)
                ORDER BY later.step DESC, later.timestamp DESC, later.value DESC, later.is_nan LIMIT 1),
            minimum = LEAST(latest.minimum, excluded.minimum),
            maximum = GREATEST(latest.maximum, excluded.maximum)
        WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest.step, latest.timestamp, latest.value)
           OR excluded.minimum < latest.minimum OR excluded.maximum > latest.maximum
           OR latest.minimum IS NULL;
    END IF;
    IF tag_keys IS NOT NULL THEN
        INSERT INTO experiments_runtag AS tag (run_id, experiment_id, key, value)
        SELECT the_run, place, given.key, given.value
        FROM unnest(tag_keys, tag_values) AS given(key, value)
        ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value WHERE tag.value <> excluded.value;
    END IF;
    IF new_name IS NOT NULL OR new_note IS NOT NULL OR new_parent IS NOT NULL THEN
        UPDATE experiments_run AS run SET
            name = COALESCE(new_name, run.name),
            note = COALESCE(new_note, run.note),
            parent_id = COALESCE(
                (SELECT other.id FROM experiments_run AS other
                 JOIN experiments_experiment AS around ON around.id = other.experiment_id
                 WHERE other.id = new_parent AND around.team_id = the_team AND other.id <> the_run),
                run.parent_id)
        WHERE run.id = the_run;
    END IF;
END
$$;
CREATE FUNCTION public.experiments_run_revive() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.status <> OLD.status OR NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
        NEW.timed_out := FALSE;
        NEW.error := CASE WHEN NEW.error = OLD.error THEN '' ELSE NEW.error END;
    ELSIF NEW.active_at > OLD.active_at THEN
        NEW.status := 'RUNNING';
        NEW.ended_at := NULL;
        NEW.error := '';
        NEW.timed_out := FALSE;
    END IF;
    RETURN NEW;
END
$$;
CREATE TABLE public.experiments_run (
    id uuid NOT NULL,
    name character varying(500) NOT NULL,
    status character varying(10) NOT NULL,
    lifecycle character varying(10) NOT NULL,
    estimator character varying(60) NOT NULL,
    is_baseline boolean NOT NULL,
    recipe jsonb,
    signature jsonb,
    input_example jsonb,
    warnings jsonb NOT NULL,
    error text NOT NULL,
    note text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    deleted_at timestamp with time zone,
    created_by_id bigint,
    dataset_version_id bigint,
    experiment_id bigint NOT NULL,
    job_id uuid,
    parent_id uuid,
    problem_id bigint,
    active_at timestamp with time zone NOT NULL,
    changes bigint NOT NULL,
    timeout_seconds integer,
    user_name character varying(256) NOT NULL,
    timed_out boolean NOT NULL,
    name_untagged boolean DEFAULT false NOT NULL,
    CONSTRAINT experiments_run_timeout_seconds_check CHECK ((timeout_seconds >= 0))
)
WITH (fillfactor='80');
CREATE FUNCTION public.experiments_update_run(the_run uuid, the_team bigint, new_name text, new_status text, is_live boolean, new_start timestamp with time zone, new_end timestamp with time zone, the_user bigint, the_door text, ends_now boolean) RETURNS SETOF public.experiments_run
    LANGUAGE plpgsql
    AS $$
DECLARE
    changed experiments_run;
BEGIN
    UPDATE experiments_run AS run SET
        name = COALESCE(new_name, run.name),
        name_untagged = run.name_untagged AND new_name IS NULL,
        status = COALESCE(new_status, run.status),
        started_at = COALESCE(new_start, run.started_at),
        ended_at = CASE WHEN is_live AND (ends_now OR new_end IS NULL) THEN NULL
                        WHEN NOT is_live AND ends_now THEN COALESCE(new_end, run.ended_at, now())
                        ELSE COALESCE(new_end, run.ended_at) END,
        active_at = now(),
        changes = run.changes + 1
    WHERE run.id = the_run AND run.lifecycle = 'active'
      AND the_team = (SELECT place.team_id FROM experiments_experiment AS place WHERE place.id = run.experiment_id)
    RETURNING run.* INTO changed;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO accounts_auditevent
        (team_id, user_id, action, target_type, target_id, target_name, details, via, at)
    VALUES (the_team, the_user, 'run.update', 'experiments.run', changed.id::text, changed.name,
            jsonb_build_object('status', changed.status), the_door, now());
    RETURN NEXT changed;
END
$$;
CREATE FUNCTION public.models_app_keep_alias_moves() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'The history of aliases cannot be changed.' USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION public.serving_keep_declared() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'What an A/B test declared before its start cannot be changed.' USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION public.serving_keep_endpoint_moves() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'The history of endpoints cannot be changed.' USING ERRCODE = 'check_violation';
END $$;
CREATE TABLE public.accounts_apitoken (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    prefix character varying(16) NOT NULL,
    digest bytea NOT NULL,
    scopes character varying(10)[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    user_id bigint NOT NULL,
    team_id bigint,
    only_run uuid
);
ALTER TABLE public.accounts_apitoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_apitoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_auditevent (
    id bigint NOT NULL,
    action character varying(60) NOT NULL,
    target_type character varying(60) NOT NULL,
    target_id character varying(64) NOT NULL,
    target_name character varying(500) NOT NULL,
    details jsonb NOT NULL,
    via character varying(20) NOT NULL,
    at timestamp with time zone NOT NULL,
    user_id bigint,
    team_id bigint,
    address inet
);
ALTER TABLE public.accounts_auditevent ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_auditevent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_idempotencykey (
    id bigint NOT NULL,
    key character varying(200) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    status smallint NOT NULL,
    body jsonb,
    created_at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL,
    user_id bigint NOT NULL,
    CONSTRAINT accounts_idempotencykey_status_check CHECK ((status >= 0))
);
ALTER TABLE public.accounts_idempotencykey ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_idempotencykey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_invitation (
    id bigint NOT NULL,
    email character varying(254) NOT NULL,
    role smallint NOT NULL,
    digest bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    invited_by_id bigint,
    team_id bigint NOT NULL,
    CONSTRAINT accounts_invitation_role_check CHECK ((role >= 0))
);
ALTER TABLE public.accounts_invitation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_invitation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_keptdeletion (
    id uuid NOT NULL,
    role smallint NOT NULL,
    noun character varying(60) NOT NULL,
    name character varying(500) NOT NULL,
    rows jsonb NOT NULL,
    links jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL,
    user_id bigint NOT NULL,
    CONSTRAINT accounts_keptdeletion_role_check CHECK ((role >= 0))
);
CREATE TABLE public.accounts_membership (
    id bigint NOT NULL,
    role smallint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    user_id bigint NOT NULL,
    team_id bigint NOT NULL,
    CONSTRAINT accounts_membership_role_check CHECK ((role >= 0))
);
ALTER TABLE public.accounts_membership ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_membership_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_passwordresetrequest (
    id bigint NOT NULL,
    subject character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.accounts_passwordresetrequest ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_passwordresetrequest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_providergrant (
    membership_id bigint NOT NULL,
    "group" character varying(200) NOT NULL,
    granted_at timestamp with time zone NOT NULL
);
CREATE TABLE public.accounts_team (
    id bigint NOT NULL,
    slug character varying(63) NOT NULL,
    name character varying(200) NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE public.accounts_team ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_team_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_user (
    id bigint NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL,
    email character varying(254) NOT NULL,
    is_service boolean NOT NULL,
    default_team_id bigint,
    time_zone character varying(64) NOT NULL
);
CREATE TABLE public.accounts_user_groups (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    group_id integer NOT NULL
);
ALTER TABLE public.accounts_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.accounts_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_user_user_permissions (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.accounts_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.accounts_usersession (
    id bigint NOT NULL,
    session_key character varying(40) NOT NULL,
    address inet,
    user_agent character varying(300) NOT NULL,
    signed_in_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    user_id bigint NOT NULL
);
ALTER TABLE public.accounts_usersession ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.accounts_usersession_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.artifacts_storedfile (
    id bigint NOT NULL,
    key character varying(200) NOT NULL,
    size bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    content_type character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL
);
ALTER TABLE public.artifacts_storedfile ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.artifacts_storedfile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accessattempt (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    get_data text NOT NULL,
    post_data text NOT NULL,
    failures_since_start integer NOT NULL,
    CONSTRAINT axes_accessattempt_failures_since_start_check CHECK ((failures_since_start >= 0))
);
ALTER TABLE public.axes_accessattempt ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accessattempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accessattemptexpiration (
    access_attempt_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.axes_accessfailurelog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    locked_out boolean NOT NULL
);
ALTER TABLE public.axes_accessfailurelog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accessfailurelog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accesslog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    logout_time timestamp with time zone,
    session_hash character varying(64) NOT NULL
);
ALTER TABLE public.axes_accesslog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accesslog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discussions_comment (
    id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    key character varying(64) NOT NULL,
    text text NOT NULL,
    told bigint[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    edited_at timestamp with time zone,
    deleted_at timestamp with time zone,
    resolved_at timestamp with time zone,
    author_id bigint,
    deleted_by_id bigint,
    parent_id bigint,
    resolved_by_id bigint,
    team_id bigint NOT NULL
);
ALTER TABLE public.discussions_comment ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.discussions_comment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discussions_telling (
    id bigint NOT NULL,
    mentions character varying(10) NOT NULL,
    watched character varying(10) NOT NULL,
    digest_at timestamp with time zone,
    digested_until timestamp with time zone,
    user_id bigint NOT NULL
);
ALTER TABLE public.discussions_telling ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.discussions_telling_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discussions_watch (
    id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    key character varying(64) NOT NULL,
    is_on boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL,
    user_id bigint NOT NULL
);
ALTER TABLE public.discussions_watch ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.discussions_watch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discussions_watchcursor (
    id bigint NOT NULL,
    event_id bigint NOT NULL
);
ALTER TABLE public.discussions_watchcursor ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.discussions_watchcursor_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discussions_writeup (
    id bigint NOT NULL,
    title character varying(200) NOT NULL,
    last_number integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    created_by_id bigint,
    team_id bigint NOT NULL,
    CONSTRAINT discussions_writeup_last_number_check CHECK ((last_number >= 0))
);
ALTER TABLE public.discussions_writeup ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.discussions_writeup_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.discussions_writeupversion (
    id bigint NOT NULL,
    number integer NOT NULL,
    title character varying(200) NOT NULL,
    text text NOT NULL,
    restored_from integer,
    at timestamp with time zone NOT NULL,
    author_id bigint,
    writeup_id bigint NOT NULL,
    CONSTRAINT discussions_writeupversion_number_check CHECK ((number >= 0)),
    CONSTRAINT discussions_writeupversion_restored_from_check CHECK ((restored_from >= 0))
);
ALTER TABLE public.discussions_writeupversion ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.discussions_writeupversion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id bigint NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);
ALTER TABLE public.django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE TABLE public.django_tasks_database_dbtaskresult (
    id uuid NOT NULL,
    status character varying(10) NOT NULL,
    args_kwargs jsonb NOT NULL,
    priority integer NOT NULL,
    task_path text NOT NULL,
    queue_name character varying(32) NOT NULL,
    backend_name character varying(32) NOT NULL,
    run_after timestamp with time zone NOT NULL,
    enqueued_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    started_at timestamp with time zone,
    return_value jsonb,
    exception_class_path text CONSTRAINT django_tasks_database_dbtaskresul_exception_class_path_not_null NOT NULL,
    traceback text NOT NULL,
    worker_ids jsonb NOT NULL,
    CONSTRAINT priority_range CHECK (((priority >= '-100'::integer) AND (priority <= 100)))
);
CREATE TABLE public.experiments_artifact (
    id bigint CONSTRAINT experiments_runartifact_id_not_null NOT NULL,
    path character varying(1000) CONSTRAINT experiments_runartifact_path_not_null NOT NULL,
    created_at timestamp with time zone CONSTRAINT experiments_runartifact_created_at_not_null NOT NULL,
    file_id bigint CONSTRAINT experiments_runartifact_file_id_not_null NOT NULL,
    run_id uuid,
    team_id bigint NOT NULL,
    logged_model_id uuid,
    CONSTRAINT artifact_has_one_owner CHECK (((run_id IS NULL) OR (logged_model_id IS NULL)))
);
CREATE TABLE public.experiments_autotraining (
    study_id bigint NOT NULL,
    seconds integer NOT NULL,
    wish character varying(20) NOT NULL,
    measured_folds integer NOT NULL,
    reasons jsonb NOT NULL,
    offers jsonb NOT NULL,
    ended_at timestamp with time zone,
    chosen_id uuid,
    job_id uuid,
    CONSTRAINT experiments_autotraining_measured_folds_check CHECK ((measured_folds >= 0)),
    CONSTRAINT experiments_autotraining_seconds_check CHECK ((seconds >= 0))
);
CREATE TABLE public.experiments_contractcheck (
    id bigint NOT NULL,
    state character varying(10) NOT NULL,
    report jsonb,
    override_reason text NOT NULL,
    overridden_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    job_id uuid,
    overridden_by_id bigint,
    version_id bigint NOT NULL,
    contract_id bigint NOT NULL
);
ALTER TABLE public.experiments_contractcheck ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_contractcheck_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_curve (
    id bigint NOT NULL,
    name character varying(60) NOT NULL,
    data jsonb NOT NULL,
    run_id uuid NOT NULL
);
ALTER TABLE public.experiments_curve ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_curve_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_curverollup (
    key character varying(250) NOT NULL,
    until_change bigint NOT NULL,
    points_per_block integer NOT NULL,
    blocks bytea NOT NULL,
    run_id uuid NOT NULL,
    CONSTRAINT experiments_curverollup_points_per_block_check CHECK ((points_per_block >= 0))
);
ALTER TABLE ONLY public.experiments_curverollup ALTER COLUMN blocks SET STORAGE EXTERNAL;
CREATE TABLE public.experiments_datacontract (
    id bigint NOT NULL,
    number integer NOT NULL,
    document jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    dataset_id bigint NOT NULL,
    CONSTRAINT experiments_datacontract_number_check CHECK ((number >= 0))
);
ALTER TABLE public.experiments_datacontract ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_datacontract_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_dataset (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    description text NOT NULL,
    last_number integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    team_id bigint NOT NULL,
    problem_id bigint,
    CONSTRAINT experiments_dataset_last_number_check CHECK ((last_number >= 0))
);
ALTER TABLE public.experiments_dataset ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_dataset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_datasetpart (
    id bigint NOT NULL,
    place integer NOT NULL,
    n_rows bigint NOT NULL,
    file_id bigint NOT NULL,
    version_id bigint NOT NULL,
    CONSTRAINT experiments_datasetpart_place_check CHECK ((place >= 0))
);
ALTER TABLE public.experiments_datasetpart ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_datasetpart_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_datasetprofile (
    id bigint NOT NULL,
    target character varying(200) NOT NULL,
    depth character varying(5) NOT NULL,
    data jsonb,
    n_alerts jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    created_by_id bigint,
    file_id bigint,
    job_id uuid,
    version_id bigint NOT NULL
);
ALTER TABLE public.experiments_datasetprofile ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_datasetprofile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_datasetversion (
    id bigint NOT NULL,
    number integer NOT NULL,
    digest character varying(64) NOT NULL,
    filename character varying(255) NOT NULL,
    format character varying(20) NOT NULL,
    n_rows bigint NOT NULL,
    n_columns integer NOT NULL,
    columns jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    dataset_id bigint NOT NULL,
    original_id bigint,
    notes jsonb NOT NULL,
    diff jsonb,
    CONSTRAINT experiments_datasetversion_n_columns_check CHECK ((n_columns >= 0)),
    CONSTRAINT experiments_datasetversion_number_check CHECK ((number >= 0))
);
ALTER TABLE public.experiments_datasetversion ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_datasetversion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_datasource (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    kind character varying(20) NOT NULL,
    config jsonb NOT NULL,
    sealed text NOT NULL,
    cron character varying(100) NOT NULL,
    cursor jsonb NOT NULL,
    state character varying(10) NOT NULL,
    error text NOT NULL,
    refreshed_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    dataset_id bigint NOT NULL,
    team_id bigint NOT NULL,
    version_id bigint
);
ALTER TABLE public.experiments_datasource ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_datasource_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_evaluation (
    run_id uuid NOT NULL,
    metric character varying(60) NOT NULL,
    target text NOT NULL,
    document jsonb NOT NULL,
    replicates bytea,
    job_id uuid
);
CREATE TABLE public.experiments_experiment (
    id bigint NOT NULL,
    name character varying(500) NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    lifecycle character varying(10) NOT NULL,
    is_default boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    team_id bigint NOT NULL,
    problem_id bigint,
    artifact_location text NOT NULL
);
ALTER TABLE public.experiments_experiment ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_experiment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_inputdataset (
    id bigint NOT NULL,
    name character varying(500) NOT NULL,
    digest character varying(36) NOT NULL,
    source_type character varying(36) NOT NULL,
    source text NOT NULL,
    schema text NOT NULL,
    profile text NOT NULL,
    experiment_id bigint NOT NULL
);
ALTER TABLE public.experiments_inputdataset ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_inputdataset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_latestmetric (
    key character varying(250) NOT NULL,
    value double precision NOT NULL,
    is_nan boolean NOT NULL,
    step bigint NOT NULL,
    "timestamp" bigint NOT NULL,
    experiment_id bigint NOT NULL,
    run_id uuid NOT NULL,
    maximum double precision,
    minimum double precision
)
WITH (fillfactor='80');
CREATE TABLE public.experiments_loggedmodel (
    id uuid NOT NULL,
    name character varying(500) NOT NULL,
    status character varying(20) NOT NULL,
    status_message text NOT NULL,
    model_type character varying(500) NOT NULL,
    params jsonb NOT NULL,
    tags jsonb NOT NULL,
    lifecycle character varying(10) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    created_by_id bigint,
    experiment_id bigint NOT NULL,
    source_run_id uuid,
    source_run_key character varying(32) DEFAULT ''::character varying NOT NULL
);
CREATE TABLE public.experiments_loggedmodelmetric (
    id bigint NOT NULL,
    key character varying(250) NOT NULL,
    value double precision NOT NULL,
    is_nan boolean NOT NULL,
    step bigint NOT NULL,
    "timestamp" bigint NOT NULL,
    dataset_name character varying(500) NOT NULL,
    dataset_digest character varying(36) NOT NULL,
    logged_model_id uuid NOT NULL,
    run_id uuid NOT NULL
);
ALTER TABLE public.experiments_loggedmodelmetric ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_loggedmodelmetric_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_metricchunk (
    key character varying(250) NOT NULL,
    change bigint NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    timestamps bigint[] NOT NULL,
    steps bigint[] NOT NULL,
    numbers double precision[] NOT NULL,
    run_id uuid NOT NULL,
    n_points integer GENERATED ALWAYS AS (cardinality(timestamps)) STORED
)
WITH (toast_tuple_target='8160');
CREATE VIEW public.experiments_metricpoint AS
 SELECT DISTINCT chunk.run_id,
    chunk.key,
    point."timestamp",
    point.step,
        CASE
            WHEN (point.number = 'NaN'::double precision) THEN (0)::double precision
            ELSE point.number
        END AS value,
    (point.number = 'NaN'::double precision) AS is_nan
   FROM (public.experiments_metricchunk chunk
     CROSS JOIN LATERAL UNNEST(chunk.timestamps, chunk.steps, chunk.numbers) point("timestamp", step, number));
CREATE TABLE public.experiments_outerfold (
    id bigint NOT NULL,
    number smallint NOT NULL,
    params jsonb,
    inner_value double precision,
    score double precision,
    held_share double precision,
    n_trials integer NOT NULL,
    seconds double precision,
    error text NOT NULL,
    job_id uuid,
    study_id bigint NOT NULL,
    CONSTRAINT experiments_outerfold_n_trials_check CHECK ((n_trials >= 0)),
    CONSTRAINT experiments_outerfold_number_check CHECK ((number >= 0))
);
ALTER TABLE public.experiments_outerfold ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_outerfold_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_param (
    key character varying(250) NOT NULL,
    value text NOT NULL,
    experiment_id bigint NOT NULL,
    run_id uuid NOT NULL
);
CREATE TABLE public.experiments_problem (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    kind character varying(20) NOT NULL,
    goal text NOT NULL,
    features character varying(200)[] NOT NULL,
    target character varying(200) NOT NULL,
    primary_metric character varying(60) NOT NULL,
    direction character varying(10) NOT NULL,
    success_threshold double precision,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    team_id bigint NOT NULL,
    granularity character varying(200)[] NOT NULL,
    time_column character varying(200) NOT NULL
);
ALTER TABLE public.experiments_problem ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_problem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_provenance (
    run_id uuid NOT NULL,
    spec jsonb NOT NULL,
    facts jsonb NOT NULL,
    again_of_id uuid
);
CREATE TABLE public.experiments_purgedrun (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.experiments_qualityalert (
    id bigint NOT NULL,
    kind character varying(10) NOT NULL,
    message text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by_id bigint,
    dataset_id bigint NOT NULL,
    problem_id bigint,
    team_id bigint NOT NULL,
    version_id bigint NOT NULL
);
ALTER TABLE public.experiments_qualityalert ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_qualityalert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_recipe (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    last_number integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    problem_id bigint NOT NULL,
    team_id bigint NOT NULL,
    CONSTRAINT experiments_recipe_last_number_check CHECK ((last_number >= 0))
);
ALTER TABLE public.experiments_recipe ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_recipe_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_recipeversion (
    id bigint NOT NULL,
    number integer NOT NULL,
    steps jsonb NOT NULL,
    note text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    recipe_id bigint NOT NULL,
    CONSTRAINT experiments_recipeversion_number_check CHECK ((number >= 0))
);
ALTER TABLE public.experiments_recipeversion ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_recipeversion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.experiments_artifact ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runartifact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_runinput (
    id bigint NOT NULL,
    tags jsonb NOT NULL,
    dataset_id bigint NOT NULL,
    run_id uuid NOT NULL
);
ALTER TABLE public.experiments_runinput ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runinput_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_runmodel (
    id bigint NOT NULL,
    role character varying(6) NOT NULL,
    step bigint NOT NULL,
    logged_model_id uuid NOT NULL,
    run_id uuid NOT NULL
);
ALTER TABLE public.experiments_runmodel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runmodel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_runrule (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    event character varying(6) NOT NULL,
    metric character varying(250) NOT NULL,
    comparison character varying(5) NOT NULL,
    threshold double precision,
    severity character varying(10) NOT NULL,
    is_active boolean NOT NULL,
    since timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    experiment_id bigint,
    team_id bigint NOT NULL
);
CREATE TABLE public.experiments_runrule_channels (
    id bigint NOT NULL,
    runrule_id bigint NOT NULL,
    channel_id bigint NOT NULL
);
ALTER TABLE public.experiments_runrule_channels ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runrule_channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.experiments_runrule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runrule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_runtag (
    key character varying(250) NOT NULL,
    value text NOT NULL,
    experiment_id bigint NOT NULL,
    run_id uuid NOT NULL
);
CREATE TABLE public.experiments_runtelling (
    id bigint NOT NULL,
    run_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    rule_id bigint NOT NULL
);
ALTER TABLE public.experiments_runtelling ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runtelling_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_runview (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    state jsonb NOT NULL,
    is_shared boolean NOT NULL,
    is_default boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    experiment_id bigint NOT NULL,
    CONSTRAINT default_run_view_is_shared CHECK (((NOT is_default) OR is_shared))
);
ALTER TABLE public.experiments_runview ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_runview_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_selectionstudy (
    id bigint NOT NULL,
    data_name character varying(300) NOT NULL,
    plan jsonb NOT NULL,
    recipe jsonb NOT NULL,
    result jsonb,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    dataset_version_id bigint,
    job_id uuid,
    problem_id bigint NOT NULL,
    team_id bigint NOT NULL
);
ALTER TABLE public.experiments_selectionstudy ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_selectionstudy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_stagedrow (
    id bigint NOT NULL,
    key character varying(200) NOT NULL,
    event_at timestamp with time zone NOT NULL,
    "row" jsonb,
    received_at timestamp with time zone NOT NULL,
    rolled_at timestamp with time zone,
    dataset_id bigint NOT NULL
);
ALTER TABLE public.experiments_stagedrow ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_stagedrow_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_study (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    has_problem boolean NOT NULL,
    data_name character varying(300) NOT NULL,
    space jsonb NOT NULL,
    recipe jsonb NOT NULL,
    objectives jsonb NOT NULL,
    sampler character varying(20) NOT NULL,
    pruner character varying(20) NOT NULL,
    shares double precision[] NOT NULL,
    seed bigint NOT NULL,
    warm_from bigint[] NOT NULL,
    n_lanes integer NOT NULL,
    max_trials integer NOT NULL,
    max_seconds integer,
    max_cost double precision,
    patience integer,
    trial_seconds integer NOT NULL,
    trial_memory_mb integer NOT NULL,
    state character varying(10) NOT NULL,
    reason text NOT NULL,
    next_number integer NOT NULL,
    best_number integer,
    best_value double precision,
    n_since_best integer NOT NULL,
    cpu_seconds double precision NOT NULL,
    used_seconds double precision NOT NULL,
    resumed_at timestamp with time zone,
    n_revived integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    created_by_id bigint,
    dataset_version_id bigint,
    experiment_id bigint NOT NULL,
    problem_id bigint,
    run_id uuid,
    team_id bigint NOT NULL,
    winner_id uuid,
    outer_folds smallint NOT NULL,
    CONSTRAINT experiments_study_best_number_check CHECK ((best_number >= 0)),
    CONSTRAINT experiments_study_max_seconds_check CHECK ((max_seconds >= 0)),
    CONSTRAINT experiments_study_max_trials_check CHECK ((max_trials >= 0)),
    CONSTRAINT experiments_study_n_lanes_check CHECK ((n_lanes >= 0)),
    CONSTRAINT experiments_study_n_revived_check CHECK ((n_revived >= 0)),
    CONSTRAINT experiments_study_n_since_best_check CHECK ((n_since_best >= 0)),
    CONSTRAINT experiments_study_next_number_check CHECK ((next_number >= 0)),
    CONSTRAINT experiments_study_outer_folds_check CHECK ((outer_folds >= 0)),
    CONSTRAINT experiments_study_patience_check CHECK ((patience >= 0)),
    CONSTRAINT experiments_study_trial_memory_mb_check CHECK ((trial_memory_mb >= 0)),
    CONSTRAINT experiments_study_trial_seconds_check CHECK ((trial_seconds >= 0))
);
ALTER TABLE public.experiments_study ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_study_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_studylane (
    id bigint NOT NULL,
    job_id uuid NOT NULL,
    study_id bigint NOT NULL
);
ALTER TABLE public.experiments_studylane ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_studylane_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_testuse (
    id bigint NOT NULL,
    test_digest character varying(64) NOT NULL,
    target text NOT NULL,
    run_name character varying(500) NOT NULL,
    used_at timestamp with time zone NOT NULL,
    dataset_version_id bigint NOT NULL,
    run_id uuid
);
ALTER TABLE public.experiments_testuse ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_testuse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_trainer (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    entry character varying(200) NOT NULL,
    n_files integer NOT NULL,
    requirements jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    archive_id bigint,
    created_by_id bigint,
    team_id bigint NOT NULL,
    CONSTRAINT experiments_trainer_n_files_check CHECK ((n_files >= 0))
);
ALTER TABLE public.experiments_trainer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_trainer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_trainingschedule (
    id bigint NOT NULL,
    recipes jsonb NOT NULL,
    cron character varying(100) NOT NULL,
    enabled boolean NOT NULL,
    last_at timestamp with time zone,
    last_outcome character varying(10) NOT NULL,
    last_reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    dataset_id bigint NOT NULL,
    last_experiment_id bigint,
    last_version_id bigint,
    problem_id bigint NOT NULL
);
ALTER TABLE public.experiments_trainingschedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_trainingschedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_trial (
    id bigint NOT NULL,
    number integer NOT NULL,
    state character varying(10) NOT NULL,
    params jsonb,
    "values" double precision[],
    intermediate jsonb NOT NULL,
    system_attrs jsonb NOT NULL,
    attempt integer NOT NULL,
    lease_until timestamp with time zone,
    worker character varying(200) NOT NULL,
    error text NOT NULL,
    seconds double precision,
    cpu_seconds double precision,
    peak_memory_mb double precision,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    run_id uuid,
    study_id bigint NOT NULL,
    CONSTRAINT experiments_trial_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT experiments_trial_number_check CHECK ((number >= 0))
);
ALTER TABLE public.experiments_trial ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_trial_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.experiments_versioncomparison (
    id bigint NOT NULL,
    state character varying(10) NOT NULL,
    report jsonb,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    earlier_id bigint NOT NULL,
    job_id uuid,
    version_id bigint NOT NULL
);
ALTER TABLE public.experiments_versioncomparison ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.experiments_versioncomparison_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.jobs_budget (
    team_id bigint NOT NULL,
    money double precision,
    cpu_hours double precision,
    changed_at timestamp with time zone NOT NULL,
    changed_by_id bigint,
    most_cpu_hours double precision,
    most_money double precision,
    CONSTRAINT jobs_budget_grant_not_negative CHECK ((((most_money IS NULL) OR (most_money >= (0.0)::double precision)) AND ((most_cpu_hours IS NULL) OR (most_cpu_hours >= (0.0)::double precision)))),
    CONSTRAINT jobs_budget_not_negative CHECK ((((money IS NULL) OR (money >= (0.0)::double precision)) AND ((cpu_hours IS NULL) OR (cpu_hours >= (0.0)::double precision))))
);
CREATE TABLE public.jobs_job (
    id uuid NOT NULL,
    kind character varying(100) NOT NULL,
    title character varying(300) NOT NULL,
    args jsonb NOT NULL,
    queue character varying(50) NOT NULL,
    state character varying(10) NOT NULL,
    progress double precision NOT NULL,
    message character varying(500) NOT NULL,
    eta_seconds double precision,
    result jsonb,
    error text NOT NULL,
    attempt integer NOT NULL,
    n_tries integer NOT NULL,
    max_attempts integer NOT NULL,
    memory_mb integer NOT NULL,
    timeout_seconds integer NOT NULL,
    heartbeat_at timestamp with time zone,
    worker character varying(200) NOT NULL,
    pid integer,
    child_pid integer,
    cpu_seconds double precision,
    peak_memory_mb double precision,
    n_log_lines integer NOT NULL,
    cancel_requested_at timestamp with time zone,
    scheduled_at timestamp with time zone,
    nudged_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    created_by_id bigint,
    team_id bigint,
    priority smallint NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    n_nudges integer NOT NULL,
    bytes_read bigint NOT NULL,
    bytes_written bigint NOT NULL,
    cost double precision NOT NULL,
    gb_seconds double precision NOT NULL,
    gpu_seconds double precision NOT NULL,
    n_cells bigint,
    parts jsonb NOT NULL,
    phases jsonb NOT NULL,
    stop_reason character varying(300) NOT NULL,
    wall_seconds double precision NOT NULL,
    checkpoint jsonb,
    pause_requested_at timestamp with time zone,
    CONSTRAINT jobs_job_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT jobs_job_attempts CHECK ((max_attempts >= 1)),
    CONSTRAINT jobs_job_child_pid_check CHECK ((child_pid >= 0)),
    CONSTRAINT jobs_job_max_attempts_check CHECK ((max_attempts >= 0)),
    CONSTRAINT jobs_job_memory_mb_check CHECK ((memory_mb >= 0)),
    CONSTRAINT jobs_job_n_log_lines_check CHECK ((n_log_lines >= 0)),
    CONSTRAINT jobs_job_n_nudges_check CHECK ((n_nudges >= 0)),
    CONSTRAINT jobs_job_n_tries_check CHECK ((n_tries >= 0)),
    CONSTRAINT jobs_job_pid_check CHECK ((pid >= 0)),
    CONSTRAINT jobs_job_priority CHECK ((priority = ANY (ARRAY['-1'::integer, 0, 1]))),
    CONSTRAINT jobs_job_progress CHECK (((progress >= (0.0)::double precision) AND (progress <= (1.0)::double precision))),
    CONSTRAINT jobs_job_timeout_seconds_check CHECK ((timeout_seconds >= 0))
);
CREATE TABLE public.jobs_joblog (
    id bigint NOT NULL,
    sequence integer NOT NULL,
    at timestamp with time zone NOT NULL,
    text text NOT NULL,
    job_id uuid NOT NULL,
    CONSTRAINT jobs_joblog_sequence_check CHECK ((sequence >= 0))
);
ALTER TABLE public.jobs_joblog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.jobs_joblog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.jobs_jobsamples (
    job_id uuid NOT NULL,
    seconds double precision[] NOT NULL,
    processors double precision[] NOT NULL,
    memory_mb double precision[] NOT NULL,
    read_mb double precision[] NOT NULL,
    written_mb double precision[] NOT NULL
);
CREATE TABLE public.jobs_schedule (
    id bigint NOT NULL,
    name character varying(200) NOT NULL,
    kind character varying(100) NOT NULL,
    title character varying(300) NOT NULL,
    args jsonb NOT NULL,
    cron character varying(100) NOT NULL,
    every_seconds integer,
    next_at timestamp with time zone NOT NULL,
    enabled boolean NOT NULL,
    last_job_id uuid,
    team_id bigint,
    CONSTRAINT jobs_schedule_every_seconds_check CHECK ((every_seconds >= 0)),
    CONSTRAINT jobs_schedule_one_rhythm CHECK (((((cron)::text = ''::text) AND (every_seconds >= 1)) OR ((NOT ((cron)::text = ''::text)) AND (every_seconds IS NULL))))
);
ALTER TABLE public.jobs_schedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.jobs_schedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.jobs_teamload (
    team_id bigint NOT NULL,
    cpu_seconds double precision NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.jobs_workerprocess (
    name character varying(200) NOT NULL,
    engine character varying(20) NOT NULL,
    queues jsonb NOT NULL,
    n_slots integer NOT NULL,
    version character varying(40) NOT NULL,
    started_at timestamp with time zone NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    CONSTRAINT jobs_workerprocess_n_slots_check CHECK ((n_slots >= 0))
);
CREATE TABLE public.models_app_alias (
    id bigint NOT NULL,
    name character varying(255) NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version_id bigint NOT NULL,
    model_id bigint NOT NULL
);
ALTER TABLE public.models_app_alias ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_alias_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_aliasmove (
    id bigint NOT NULL,
    model_id_then bigint NOT NULL,
    model_name character varying(256) NOT NULL,
    alias character varying(255) NOT NULL,
    number integer,
    former integer,
    who character varying(150) NOT NULL,
    via character varying(20) NOT NULL,
    why text NOT NULL,
    request_number bigint,
    at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL,
    CONSTRAINT models_app_aliasmove_former_check CHECK ((former >= 0)),
    CONSTRAINT models_app_aliasmove_number_check CHECK ((number >= 0))
);
ALTER TABLE public.models_app_aliasmove ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_aliasmove_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_approvalpolicy (
    id bigint NOT NULL,
    alias character varying(255) NOT NULL,
    n_approvers smallint NOT NULL,
    checks jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    model_id bigint NOT NULL,
    updated_by_id bigint,
    CONSTRAINT models_app_approvalpolicy_n_approvers_check CHECK ((n_approvers >= 0))
);
CREATE TABLE public.models_app_approvalpolicy_channels (
    id bigint NOT NULL,
    approvalpolicy_id bigint NOT NULL,
    channel_id bigint NOT NULL
);
ALTER TABLE public.models_app_approvalpolicy_channels ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_approvalpolicy_channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.models_app_approvalpolicy ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_approvalpolicy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_approvalpolicy_reviewers (
    id bigint NOT NULL,
    approvalpolicy_id bigint NOT NULL,
    user_id bigint NOT NULL
);
ALTER TABLE public.models_app_approvalpolicy_reviewers ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_approvalpolicy_reviewers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_awaitedalias (
    id bigint NOT NULL,
    name character varying(255) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    asked_by_id bigint,
    model_id bigint NOT NULL,
    version_id bigint NOT NULL
);
ALTER TABLE public.models_app_awaitedalias ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_awaitedalias_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_cardtext (
    id bigint NOT NULL,
    intended_use text NOT NULL,
    limits text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    updated_by_id bigint,
    version_id bigint NOT NULL
);
ALTER TABLE public.models_app_cardtext ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_cardtext_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_compilation (
    id bigint NOT NULL,
    report jsonb,
    n_rescored bigint NOT NULL,
    n_mismatches bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    file_id bigint,
    job_id uuid,
    version_id bigint NOT NULL,
    CONSTRAINT models_app_compilation_n_mismatches_check CHECK ((n_mismatches >= 0)),
    CONSTRAINT models_app_compilation_n_rescored_check CHECK ((n_rescored >= 0))
);
ALTER TABLE public.models_app_compilation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_compilation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_intake (
    id bigint NOT NULL,
    state character varying(12) NOT NULL,
    format character varying(20) NOT NULL,
    file_name character varying(300) NOT NULL,
    request jsonb NOT NULL,
    findings jsonb,
    problem text NOT NULL,
    decided_at timestamp with time zone,
    is_approved boolean NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    decided_by_id bigint,
    example_id bigint,
    file_id bigint NOT NULL,
    job_id uuid,
    mlmodel_id bigint,
    version_id bigint NOT NULL
);
ALTER TABLE public.models_app_intake ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_intake_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_loadverdict (
    id bigint NOT NULL,
    is_passed boolean NOT NULL,
    goal jsonb NOT NULL,
    figures jsonb NOT NULL,
    reasons jsonb NOT NULL,
    served character varying(64) NOT NULL,
    endpoint_name character varying(100) NOT NULL,
    load_test_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    version_id bigint NOT NULL
);
ALTER TABLE public.models_app_loadverdict ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_loadverdict_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_modelfile (
    id bigint NOT NULL,
    format character varying(20) NOT NULL,
    file_id bigint NOT NULL,
    version_id bigint NOT NULL,
    trained_here boolean NOT NULL
);
ALTER TABLE public.models_app_modelfile ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_modelfile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_modelgate (
    id bigint NOT NULL,
    aliases jsonb NOT NULL,
    blocking jsonb,
    limits jsonb NOT NULL,
    expectations jsonb NOT NULL,
    strict boolean NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    model_id bigint NOT NULL,
    updated_by_id bigint,
    load_test jsonb
);
ALTER TABLE public.models_app_modelgate ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_modelgate_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_modeltestresult (
    id bigint NOT NULL,
    place smallint NOT NULL,
    name character varying(200) NOT NULL,
    title character varying(300) NOT NULL,
    "group" character varying(60) NOT NULL,
    about character varying(300) NOT NULL,
    severity character varying(10) NOT NULL,
    outcome character varying(10) NOT NULL,
    figure double precision,
    bound double precision,
    side character varying(10) NOT NULL,
    sentence character varying(500) NOT NULL,
    evidence jsonb NOT NULL,
    seconds double precision NOT NULL,
    run_id bigint NOT NULL,
    CONSTRAINT models_app_modeltestresult_place_check CHECK ((place >= 0))
);
ALTER TABLE public.models_app_modeltestresult ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_modeltestresult_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_modeltestrun (
    id bigint NOT NULL,
    verdict character varying(10) NOT NULL,
    files_digest character varying(64) NOT NULL,
    compiled_digest character varying(64) NOT NULL,
    policy_digest character varying(64) NOT NULL,
    counts jsonb NOT NULL,
    notes jsonb NOT NULL,
    seconds double precision,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    champion_id bigint,
    created_by_id bigint,
    job_id uuid,
    version_id bigint NOT NULL
);
ALTER TABLE public.models_app_modeltestrun ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_modeltestrun_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_modelversion (
    id bigint NOT NULL,
    number integer NOT NULL,
    state character varying(10) NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    signature jsonb,
    input_example jsonb NOT NULL,
    metrics jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    run_id uuid,
    model_id bigint NOT NULL,
    logged_model_id uuid,
    run_key character varying(500) NOT NULL,
    run_link character varying(500) NOT NULL,
    source text NOT NULL,
    stage character varying(20) NOT NULL,
    state_message text NOT NULL,
    storage_location text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    user_name character varying(256) NOT NULL,
    CONSTRAINT models_app_modelversion_number_check CHECK ((number >= 0))
);
ALTER TABLE public.models_app_modelversion ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_modelversion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_optimisation (
    id bigint NOT NULL,
    wish jsonb NOT NULL,
    metric character varying(60) NOT NULL,
    direction character varying(10) NOT NULL,
    before jsonb NOT NULL,
    notes jsonb NOT NULL,
    n_test integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    created_by_id bigint,
    job_id uuid,
    version_id bigint NOT NULL,
    CONSTRAINT models_app_optimisation_n_test_check CHECK ((n_test >= 0))
);
ALTER TABLE public.models_app_optimisation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_optimisation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_optimisedcandidate (
    id bigint NOT NULL,
    place smallint NOT NULL,
    method character varying(20) NOT NULL,
    title character varying(200) NOT NULL,
    outcome character varying(10) NOT NULL,
    reason character varying(500) NOT NULL,
    changes text NOT NULL,
    is_recipe boolean NOT NULL,
    figures jsonb NOT NULL,
    facts jsonb NOT NULL,
    chart jsonb,
    notes jsonb NOT NULL,
    optimisation_id bigint NOT NULL,
    run_id uuid,
    version_id bigint,
    CONSTRAINT models_app_optimisedcandidate_place_check CHECK ((place >= 0))
);
ALTER TABLE public.models_app_optimisedcandidate ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_optimisedcandidate_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_promotionrequest (
    id bigint NOT NULL,
    alias character varying(255) NOT NULL,
    state character varying(10) NOT NULL,
    comment text NOT NULL,
    origin character varying(200) NOT NULL,
    link character varying(500) NOT NULL,
    former integer,
    reason text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    decided_by_id bigint,
    model_id bigint NOT NULL,
    requested_by_id bigint,
    version_id bigint NOT NULL,
    CONSTRAINT models_app_promotionrequest_former_check CHECK ((former >= 0))
);
ALTER TABLE public.models_app_promotionrequest ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_promotionrequest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_promotionreview (
    id bigint NOT NULL,
    verdict character varying(10) NOT NULL,
    text text NOT NULL,
    seen jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    request_id bigint NOT NULL,
    user_id bigint
);
ALTER TABLE public.models_app_promotionreview ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_promotionreview_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_registeredmodel (
    id bigint NOT NULL,
    name character varying(256) NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    last_number integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    problem_id bigint,
    team_id bigint NOT NULL,
    CONSTRAINT models_app_registeredmodel_last_number_check CHECK ((last_number >= 0))
);
ALTER TABLE public.models_app_registeredmodel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.models_app_registeredmodel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.models_app_webhook (
    id uuid NOT NULL,
    name character varying(63) NOT NULL,
    description text NOT NULL,
    url text NOT NULL,
    events jsonb NOT NULL,
    sealed_secret text NOT NULL,
    status character varying(10) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    team_id bigint NOT NULL
);
CREATE TABLE public.models_app_webhookdelivery (
    id uuid NOT NULL,
    event character varying(60) NOT NULL,
    body text NOT NULL,
    status_code smallint,
    error text NOT NULL,
    attempts integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    webhook_id uuid NOT NULL,
    answer text NOT NULL,
    message_id uuid,
    replay_of_id uuid,
    seconds double precision,
    state character varying(10) NOT NULL,
    CONSTRAINT models_app_webhookdelivery_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT models_app_webhookdelivery_status_code_check CHECK ((status_code >= 0))
);
CREATE TABLE public.notices_channel (
    id bigint NOT NULL,
    kind character varying(10) NOT NULL,
    name character varying(100) NOT NULL,
    emails jsonb NOT NULL,
    host character varying(300) NOT NULL,
    sealed_url text NOT NULL,
    sealed_secret text NOT NULL,
    sealed_former_secret text NOT NULL,
    former_until timestamp with time zone,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    team_id bigint NOT NULL
);
ALTER TABLE public.notices_channel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.notices_channel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.notices_delivery (
    id bigint NOT NULL,
    message_id uuid NOT NULL,
    is_test boolean NOT NULL,
    state character varying(10) NOT NULL,
    attempts smallint NOT NULL,
    status_code smallint,
    seconds double precision,
    answer text NOT NULL,
    error text NOT NULL,
    next_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone,
    channel_id bigint NOT NULL,
    created_by_id bigint,
    replay_of_id bigint,
    notice_id uuid NOT NULL,
    CONSTRAINT notices_delivery_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT notices_delivery_status_code_check CHECK ((status_code >= 0))
);
ALTER TABLE public.notices_delivery ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.notices_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.notices_inboxentry (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    read_at timestamp with time zone,
    team_id bigint NOT NULL,
    user_id bigint NOT NULL,
    notice_id uuid NOT NULL
);
ALTER TABLE public.notices_inboxentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.notices_inboxentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.notices_notice (
    id uuid NOT NULL,
    kind character varying(60) NOT NULL,
    severity character varying(10) NOT NULL,
    title character varying(300) NOT NULL,
    text text NOT NULL,
    link character varying(500) NOT NULL,
    data jsonb NOT NULL,
    key character varying(200) NOT NULL,
    at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL
);
CREATE TABLE public.serving_abtest (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    mode character varying(10) NOT NULL,
    state character varying(12) NOT NULL,
    hypothesis text NOT NULL,
    control character varying(60) NOT NULL,
    versions jsonb NOT NULL,
    metric character varying(40) NOT NULL,
    outcome jsonb,
    maximize boolean NOT NULL,
    per_unit boolean NOT NULL,
    margin double precision NOT NULL,
    effect double precision,
    alpha double precision NOT NULL,
    horizon bigint NOT NULL,
    cuped_days smallint NOT NULL,
    options jsonb NOT NULL,
    alias character varying(255) NOT NULL,
    memory jsonb NOT NULL,
    reason text NOT NULL,
    winner character varying(60) NOT NULL,
    look_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    created_by_id bigint,
    endpoint_id bigint NOT NULL,
    CONSTRAINT serving_abtest_cuped_days_check CHECK ((cuped_days >= 0))
);
ALTER TABLE public.serving_abtest ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_abtest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_abtestlook (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    figures jsonb NOT NULL,
    test_id bigint NOT NULL
);
ALTER TABLE public.serving_abtestlook ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_abtestlook_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_abteststep (
    id bigint NOT NULL,
    number integer NOT NULL,
    weights jsonb NOT NULL,
    reason text NOT NULL,
    counts jsonb NOT NULL,
    split_p double precision NOT NULL,
    started_at timestamp with time zone NOT NULL,
    test_id bigint NOT NULL,
    CONSTRAINT serving_abteststep_number_check CHECK ((number >= 0))
);
ALTER TABLE public.serving_abteststep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_abteststep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_alertevent (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    former character varying(7) NOT NULL,
    state character varying(7) NOT NULL,
    value double precision,
    n_observed bigint NOT NULL,
    text text NOT NULL,
    notice_id uuid,
    rule_id bigint NOT NULL
);
ALTER TABLE public.serving_alertevent ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_alertevent_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_alertrule (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    figure character varying(60) NOT NULL,
    "column" character varying(200) NOT NULL,
    comparison character varying(5) NOT NULL,
    threshold double precision NOT NULL,
    window_seconds integer NOT NULL,
    fewest integer NOT NULL,
    looks smallint NOT NULL,
    cooldown_seconds integer NOT NULL,
    severity character varying(10) NOT NULL,
    tells_recovery boolean NOT NULL,
    tells_no_data boolean NOT NULL,
    is_active boolean NOT NULL,
    state character varying(7) NOT NULL,
    state_since timestamp with time zone NOT NULL,
    n_broken integer NOT NULL,
    n_well integer NOT NULL,
    n_empty integer NOT NULL,
    is_told boolean NOT NULL,
    told_at timestamp with time zone,
    value double precision,
    n_observed bigint NOT NULL,
    error text NOT NULL,
    looked_at timestamp with time zone,
    look_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    endpoint_id bigint NOT NULL,
    CONSTRAINT serving_alertrule_cooldown_seconds_check CHECK ((cooldown_seconds >= 0)),
    CONSTRAINT serving_alertrule_fewest_check CHECK ((fewest >= 0)),
    CONSTRAINT serving_alertrule_looks_check CHECK ((looks >= 0)),
    CONSTRAINT serving_alertrule_n_broken_check CHECK ((n_broken >= 0)),
    CONSTRAINT serving_alertrule_n_empty_check CHECK ((n_empty >= 0)),
    CONSTRAINT serving_alertrule_n_well_check CHECK ((n_well >= 0)),
    CONSTRAINT serving_alertrule_window_seconds_check CHECK ((window_seconds >= 0))
);
CREATE TABLE public.serving_alertrule_channels (
    id bigint NOT NULL,
    alertrule_id bigint NOT NULL,
    channel_id bigint NOT NULL
);
ALTER TABLE public.serving_alertrule_channels ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_alertrule_channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.serving_alertrule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_alertrule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_answercount (
    endpoint_id bigint NOT NULL,
    variant character varying(60) NOT NULL,
    version_id bigint NOT NULL,
    status smallint NOT NULL,
    hour timestamp with time zone NOT NULL,
    n_requests bigint NOT NULL,
    n_rows bigint NOT NULL,
    seconds double precision NOT NULL,
    histogram bigint[] NOT NULL,
    CONSTRAINT serving_answercount_status_check CHECK ((status >= 0))
);
CREATE TABLE public.serving_batch (
    id bigint NOT NULL,
    id_column character varying(255) NOT NULL,
    exact boolean NOT NULL,
    save_as character varying(200) NOT NULL,
    n_rows bigint NOT NULL,
    n_scored bigint NOT NULL,
    n_refused bigint NOT NULL,
    refused jsonb NOT NULL,
    columns jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    created_by_id bigint,
    dataset_version_id bigint,
    endpoint_id bigint NOT NULL,
    job_id uuid,
    result_id bigint,
    result_version_id bigint,
    version_id bigint
);
ALTER TABLE public.serving_batch ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_driftbaseline (
    id bigint NOT NULL,
    state character varying(8) NOT NULL,
    document jsonb,
    counters bytea,
    calibration jsonb,
    n_rows bigint NOT NULL,
    notes jsonb NOT NULL,
    error text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone,
    dataset_version_id bigint,
    job_id uuid,
    version_id bigint NOT NULL
);
ALTER TABLE public.serving_driftbaseline ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_driftbaseline_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_driftcheck (
    id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    verdict character varying(7) NOT NULL,
    n_rows bigint NOT NULL,
    n_compared integer NOT NULL,
    n_drifted integer NOT NULL,
    n_alarms integer NOT NULL,
    exact boolean NOT NULL,
    report jsonb,
    quality jsonb NOT NULL,
    error text NOT NULL,
    created_by_id bigint,
    endpoint_id bigint NOT NULL,
    job_id uuid,
    version_id bigint NOT NULL,
    beyond jsonb NOT NULL,
    CONSTRAINT serving_driftcheck_n_alarms_check CHECK ((n_alarms >= 0)),
    CONSTRAINT serving_driftcheck_n_compared_check CHECK ((n_compared >= 0)),
    CONSTRAINT serving_driftcheck_n_drifted_check CHECK ((n_drifted >= 0))
);
ALTER TABLE public.serving_driftcheck ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_driftcheck_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_driftcount (
    id bigint NOT NULL,
    variant character varying(60) NOT NULL,
    span character varying(1) NOT NULL,
    at timestamp with time zone NOT NULL,
    n_rows bigint NOT NULL,
    counters bytea NOT NULL,
    endpoint_id bigint NOT NULL,
    version_id bigint NOT NULL,
    n_nulls bigint NOT NULL
);
ALTER TABLE public.serving_driftcount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_driftcount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_driftwatch (
    id bigint NOT NULL,
    declared jsonb NOT NULL,
    enabled boolean NOT NULL,
    window_hours integer NOT NULL,
    every_minutes integer NOT NULL,
    next_at timestamp with time zone NOT NULL,
    endpoint_id bigint NOT NULL,
    CONSTRAINT serving_driftwatch_every_minutes_check CHECK ((every_minutes >= 0)),
    CONSTRAINT serving_driftwatch_window_hours_check CHECK ((window_hours >= 0))
);
ALTER TABLE public.serving_driftwatch ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_driftwatch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_endpoint (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    description text NOT NULL,
    salt character varying(32) NOT NULL,
    log_mode character varying(12) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id bigint,
    problem_id bigint,
    team_id bigint NOT NULL,
    layout jsonb NOT NULL,
    log_redact jsonb NOT NULL,
    log_retention_days integer,
    log_sample double precision NOT NULL,
    CONSTRAINT serving_endpoint_log_retention_days_check CHECK ((log_retention_days >= 0))
);
ALTER TABLE public.serving_endpoint ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_endpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_endpointmove (
    id bigint NOT NULL,
    endpoint_id_then bigint NOT NULL,
    endpoint_name character varying(100) NOT NULL,
    variants jsonb NOT NULL,
    who character varying(150) NOT NULL,
    via character varying(20) NOT NULL,
    why text NOT NULL,
    at timestamp with time zone NOT NULL,
    team_id bigint NOT NULL
);
ALTER TABLE public.serving_endpointmove ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_endpointmove_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_endpointreading (
    id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    n_requests bigint NOT NULL,
    n_errors bigint NOT NULL,
    n_mistakes bigint NOT NULL,
    histogram bigint[] NOT NULL,
    n_enqueued bigint NOT NULL,
    n_dropped bigint NOT NULL,
    n_refused bigint NOT NULL,
    open_hour timestamp with time zone NOT NULL,
    open_counts jsonb NOT NULL,
    log_totals jsonb NOT NULL,
    endpoint_id bigint NOT NULL
);
ALTER TABLE public.serving_endpointreading ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_endpointreading_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_endpointreport (
    id bigint NOT NULL,
    rhythm character varying(7) NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    document jsonb,
    headline character varying(300) NOT NULL,
    error text NOT NULL,
    told boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone,
    created_by_id bigint,
    endpoint_id bigint NOT NULL,
    job_id uuid
);
ALTER TABLE public.serving_endpointreport ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_endpointreport_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_feedback (
    id bigint NOT NULL,
    request_id uuid NOT NULL,
    "row" integer NOT NULL,
    truth jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    endpoint_id bigint NOT NULL,
    CONSTRAINT serving_feedback_row_check CHECK (("row" >= 0))
);
ALTER TABLE public.serving_feedback ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_feedback_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_improvement (
    id bigint NOT NULL,
    data_name character varying(300) NOT NULL,
    plan jsonb NOT NULL,
    recipe jsonb NOT NULL,
    proposals jsonb NOT NULL,
    result jsonb,
    created_at timestamp with time zone NOT NULL,
    adopted_recipe jsonb,
    adopted_at timestamp with time zone,
    adopted_why text NOT NULL,
    adopted_by_id bigint,
    created_by_id bigint,
    dataset_version_id bigint,
    endpoint_id bigint NOT NULL,
    job_id uuid,
    version_id bigint NOT NULL
);
ALTER TABLE public.serving_improvement ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_improvement_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_loadtest (
    id bigint NOT NULL,
    declared jsonb NOT NULL,
    figures jsonb NOT NULL,
    histogram jsonb,
    verdict character varying(6) NOT NULL,
    error text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    created_by_id bigint,
    endpoint_id bigint NOT NULL,
    job_id uuid,
    run_id uuid,
    version_id bigint NOT NULL
);
ALTER TABLE public.serving_loadtest ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_loadtest_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_logcount (
    id bigint NOT NULL,
    source character varying(60) NOT NULL,
    n_enqueued bigint NOT NULL,
    n_written bigint NOT NULL,
    n_dropped bigint NOT NULL,
    n_refused bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    endpoint_id bigint NOT NULL
);
ALTER TABLE public.serving_logcount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_logcount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_prediction (
    id bigint CONSTRAINT serving_prediction_id_not_null1 NOT NULL,
    request_id uuid CONSTRAINT serving_prediction_request_id_not_null1 NOT NULL,
    client_request_id uuid,
    "row" integer CONSTRAINT serving_prediction_row_not_null1 NOT NULL,
    endpoint_id bigint CONSTRAINT serving_prediction_endpoint_id_not_null1 NOT NULL,
    variant character varying(60) CONSTRAINT serving_prediction_variant_not_null1 NOT NULL,
    version_id bigint CONSTRAINT serving_prediction_version_id_not_null1 NOT NULL,
    unit character varying(256) CONSTRAINT serving_prediction_unit_not_null1 NOT NULL,
    at timestamp with time zone CONSTRAINT serving_prediction_at_not_null1 NOT NULL,
    latency_seconds double precision CONSTRAINT serving_prediction_latency_seconds_not_null1 NOT NULL,
    input jsonb CONSTRAINT serving_prediction_input_not_null1 NOT NULL,
    output jsonb CONSTRAINT serving_prediction_output_not_null1 NOT NULL,
    CONSTRAINT serving_prediction_row_check1 CHECK (("row" >= 0))
)
PARTITION BY RANGE (request_id);
CREATE SEQUENCE public.serving_prediction_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.serving_prediction_number OWNED BY public.serving_prediction.id;
CREATE TABLE public.serving_prediction_rest (
    id bigint DEFAULT nextval('public.serving_prediction_number'::regclass) CONSTRAINT serving_prediction_id_not_null1 NOT NULL,
    request_id uuid CONSTRAINT serving_prediction_request_id_not_null1 NOT NULL,
    client_request_id uuid,
    "row" integer CONSTRAINT serving_prediction_row_not_null1 NOT NULL,
    endpoint_id bigint CONSTRAINT serving_prediction_endpoint_id_not_null1 NOT NULL,
    variant character varying(60) CONSTRAINT serving_prediction_variant_not_null1 NOT NULL,
    version_id bigint CONSTRAINT serving_prediction_version_id_not_null1 NOT NULL,
    unit character varying(256) CONSTRAINT serving_prediction_unit_not_null1 NOT NULL,
    at timestamp with time zone CONSTRAINT serving_prediction_at_not_null1 NOT NULL,
    latency_seconds double precision CONSTRAINT serving_prediction_latency_seconds_not_null1 NOT NULL,
    input jsonb CONSTRAINT serving_prediction_input_not_null1 NOT NULL,
    output jsonb CONSTRAINT serving_prediction_output_not_null1 NOT NULL,
    CONSTRAINT serving_prediction_row_check1 CHECK (("row" >= 0))
);
CREATE TABLE public.serving_processload (
    id bigint NOT NULL,
    name character varying(120) NOT NULL,
    at timestamp with time zone NOT NULL,
    seconds double precision NOT NULL,
    cpu_seconds double precision NOT NULL,
    memory_bytes bigint NOT NULL
);
ALTER TABLE public.serving_processload ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_processload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_reportschedule (
    id bigint NOT NULL,
    rhythm character varying(7) NOT NULL,
    hour smallint NOT NULL,
    enabled boolean NOT NULL,
    next_at timestamp with time zone NOT NULL,
    endpoint_id bigint NOT NULL,
    CONSTRAINT serving_reportschedule_hour_check CHECK ((hour >= 0))
);
CREATE TABLE public.serving_reportschedule_channels (
    id bigint NOT NULL,
    reportschedule_id bigint NOT NULL,
    channel_id bigint NOT NULL
);
ALTER TABLE public.serving_reportschedule_channels ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_reportschedule_channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.serving_reportschedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_reportschedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_retraining (
    id bigint NOT NULL,
    state character varying(9) NOT NULL,
    trigger character varying(8) NOT NULL,
    reason text NOT NULL,
    declared jsonb NOT NULL,
    data jsonb NOT NULL,
    comparison jsonb NOT NULL,
    outcome text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    challenger_id bigint,
    champion_id bigint,
    created_by_id bigint,
    dataset_version_id bigint,
    decided_by_id bigint,
    endpoint_id bigint NOT NULL,
    held_out_id bigint,
    original_version_id bigint,
    run_id uuid,
    shadow_id bigint,
    study_id bigint,
    test_id bigint
);
ALTER TABLE public.serving_retraining ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_retraining_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_retrainingpolicy (
    id bigint NOT NULL,
    enabled boolean NOT NULL,
    every_hours integer,
    on_drift character varying(7) NOT NULL,
    drift_looks smallint NOT NULL,
    metric_floor double precision,
    metric_fall double precision,
    metric_hours integer NOT NULL,
    metric_rows integer NOT NULL,
    new_labels integer,
    cooldown_hours integer NOT NULL,
    method character varying(6) NOT NULL,
    recipe jsonb,
    recipe_why text NOT NULL,
    search_trials integer NOT NULL,
    search_minutes integer NOT NULL,
    window_days integer NOT NULL,
    with_original boolean NOT NULL,
    most_rows integer NOT NULL,
    least_labels integer NOT NULL,
    held_out_share double precision NOT NULL,
    least_gain double precision NOT NULL,
    sure boolean NOT NULL,
    go_live character varying(6) NOT NULL,
    approval boolean NOT NULL,
    alias character varying(255) NOT NULL,
    steps jsonb NOT NULL,
    dwell_seconds integer NOT NULL,
    fewest_requests integer NOT NULL,
    guardrails jsonb NOT NULL,
    shadow_rows integer NOT NULL,
    deadline_days integer NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    look_at timestamp with time zone NOT NULL,
    looked_at timestamp with time zone,
    readings jsonb NOT NULL,
    note text NOT NULL,
    created_by_id bigint,
    dataset_id bigint,
    endpoint_id bigint NOT NULL,
    experiment_id bigint,
    CONSTRAINT serving_retrainingpolicy_cooldown_hours_check CHECK ((cooldown_hours >= 0)),
    CONSTRAINT serving_retrainingpolicy_deadline_days_check CHECK ((deadline_days >= 0)),
    CONSTRAINT serving_retrainingpolicy_drift_looks_check CHECK ((drift_looks >= 0)),
    CONSTRAINT serving_retrainingpolicy_dwell_seconds_check CHECK ((dwell_seconds >= 0)),
    CONSTRAINT serving_retrainingpolicy_every_hours_check CHECK ((every_hours >= 0)),
    CONSTRAINT serving_retrainingpolicy_fewest_requests_check CHECK ((fewest_requests >= 0)),
    CONSTRAINT serving_retrainingpolicy_least_labels_check CHECK ((least_labels >= 0)),
    CONSTRAINT serving_retrainingpolicy_metric_hours_check CHECK ((metric_hours >= 0)),
    CONSTRAINT serving_retrainingpolicy_metric_rows_check CHECK ((metric_rows >= 0)),
    CONSTRAINT serving_retrainingpolicy_most_rows_check CHECK ((most_rows >= 0)),
    CONSTRAINT serving_retrainingpolicy_new_labels_check CHECK ((new_labels >= 0)),
    CONSTRAINT serving_retrainingpolicy_search_minutes_check CHECK ((search_minutes >= 0)),
    CONSTRAINT serving_retrainingpolicy_search_trials_check CHECK ((search_trials >= 0)),
    CONSTRAINT serving_retrainingpolicy_shadow_rows_check CHECK ((shadow_rows >= 0)),
    CONSTRAINT serving_retrainingpolicy_window_days_check CHECK ((window_days >= 0))
);
CREATE TABLE public.serving_retrainingpolicy_channels (
    id bigint NOT NULL,
    retrainingpolicy_id bigint NOT NULL,
    channel_id bigint NOT NULL
);
ALTER TABLE public.serving_retrainingpolicy_channels ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_retrainingpolicy_channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.serving_retrainingpolicy ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_retrainingpolicy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_retrainingstep (
    id bigint NOT NULL,
    name character varying(10) NOT NULL,
    state character varying(9) NOT NULL,
    text text NOT NULL,
    details jsonb NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    job_id uuid,
    retraining_id bigint NOT NULL
);
ALTER TABLE public.serving_retrainingstep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_retrainingstep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_routingepoch (
    id bigint NOT NULL,
    number bigint NOT NULL
);
ALTER TABLE public.serving_routingepoch ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_routingepoch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_servingworker (
    id bigint NOT NULL,
    name character varying(120) NOT NULL,
    host character varying(100) NOT NULL,
    pid integer NOT NULL,
    epoch bigint NOT NULL,
    failures jsonb NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT serving_servingworker_pid_check CHECK ((pid >= 0))
);
ALTER TABLE public.serving_servingworker ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_servingworker_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_shadow (
    id bigint NOT NULL,
    name character varying(60) NOT NULL,
    since timestamp with time zone NOT NULL,
    scored_until timestamp with time zone NOT NULL,
    error text NOT NULL,
    created_by_id bigint,
    endpoint_id bigint NOT NULL,
    version_id bigint NOT NULL
);
ALTER TABLE public.serving_shadow ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_shadow_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_shadowanswer (
    id bigint NOT NULL,
    request_id uuid NOT NULL,
    "row" integer NOT NULL,
    output jsonb NOT NULL,
    shadow_id bigint NOT NULL,
    CONSTRAINT serving_shadowanswer_row_check CHECK (("row" >= 0))
);
ALTER TABLE public.serving_shadowanswer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_shadowanswer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_uncountedpredictions (
    id bigint NOT NULL,
    first_request uuid NOT NULL,
    last_request uuid NOT NULL,
    numbers bigint[] NOT NULL,
    at timestamp with time zone NOT NULL,
    endpoint_id bigint NOT NULL,
    version_id bigint NOT NULL
);
ALTER TABLE public.serving_uncountedpredictions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_uncountedpredictions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_unitfeedback (
    id bigint NOT NULL,
    unit character varying(256) NOT NULL,
    truth jsonb NOT NULL,
    until timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    endpoint_id bigint NOT NULL
);
ALTER TABLE public.serving_unitfeedback ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_unitfeedback_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.serving_variant (
    id bigint NOT NULL,
    name character varying(60) NOT NULL,
    weight numeric(5,2) NOT NULL,
    "position" smallint NOT NULL,
    endpoint_id bigint NOT NULL,
    version_id bigint NOT NULL,
    CONSTRAINT serving_variant_position_check CHECK (("position" >= 0)),
    CONSTRAINT weight_is_per_cent CHECK (((weight >= (0)::numeric) AND (weight <= (100)::numeric)))
);
ALTER TABLE public.serving_variant ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.serving_variant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.serving_prediction ATTACH PARTITION public.serving_prediction_rest DEFAULT;
ALTER TABLE ONLY public.serving_prediction ALTER COLUMN id SET DEFAULT nextval('public.serving_prediction_number'::regclass);
INSERT INTO public.auth_permission VALUES (1, 'Can add log entry', 1, 'add_logentry');
INSERT INTO public.auth_permission VALUES (2, 'Can change log entry', 1, 'change_logentry');
INSERT INTO public.auth_permission VALUES (3, 'Can delete log entry', 1, 'delete_logentry');
INSERT INTO public.auth_permission VALUES (4, 'Can view log entry', 1, 'view_logentry');
INSERT INTO public.auth_permission VALUES (5, 'Can add permission', 2, 'add_permission');
INSERT INTO public.auth_permission VALUES (6, 'Can change permission', 2, 'change_permission');
INSERT INTO public.auth_permission VALUES (7, 'Can delete permission', 2, 'delete_permission');
INSERT INTO public.auth_permission VALUES (8, 'Can view permission', 2, 'view_permission');
INSERT INTO public.auth_permission VALUES (9, 'Can add group', 3, 'add_group');
INSERT INTO public.auth_permission VALUES (10, 'Can change group', 3, 'change_group');
INSERT INTO public.auth_permission VALUES (11, 'Can delete group', 3, 'delete_group');
INSERT INTO public.auth_permission VALUES (12, 'Can view group', 3, 'view_group');
INSERT INTO public.auth_permission VALUES (13, 'Can add content type', 4, 'add_contenttype');
INSERT INTO public.auth_permission VALUES (14, 'Can change content type', 4, 'change_contenttype');
INSERT INTO public.auth_permission VALUES (15, 'Can delete content type', 4, 'delete_contenttype');
INSERT INTO public.auth_permission VALUES (16, 'Can view content type', 4, 'view_contenttype');
INSERT INTO public.auth_permission VALUES (17, 'Can add session', 5, 'add_session');
INSERT INTO public.auth_permission VALUES (18, 'Can change session', 5, 'change_session');
INSERT INTO public.auth_permission VALUES (19, 'Can delete session', 5, 'delete_session');
INSERT INTO public.auth_permission VALUES (20, 'Can view session', 5, 'view_session');
INSERT INTO public.auth_permission VALUES (21, 'Can add access attempt', 6, 'add_accessattempt');
INSERT INTO public.auth_permission VALUES (22, 'Can change access attempt', 6, 'change_accessattempt');
INSERT INTO public.auth_permission VALUES (23, 'Can delete access attempt', 6, 'delete_accessattempt');
INSERT INTO public.auth_permission VALUES (24, 'Can view access attempt', 6, 'view_accessattempt');
INSERT INTO public.auth_permission VALUES (25, 'Can add access log', 7, 'add_accesslog');
INSERT INTO public.auth_permission VALUES (26, 'Can change access log', 7, 'change_accesslog');
INSERT INTO public.auth_permission VALUES (27, 'Can delete access log', 7, 'delete_accesslog');
INSERT INTO public.auth_permission VALUES (28, 'Can view access log', 7, 'view_accesslog');
INSERT INTO public.auth_permission VALUES (29, 'Can add access failure', 8, 'add_accessfailurelog');
INSERT INTO public.auth_permission VALUES (30, 'Can change access failure', 8, 'change_accessfailurelog');
INSERT INTO public.auth_permission VALUES (31, 'Can delete access failure', 8, 'delete_accessfailurelog');
INSERT INTO public.auth_permission VALUES (32, 'Can view access failure', 8, 'view_accessfailurelog');
INSERT INTO public.auth_permission VALUES (33, 'Can add access attempt expiration', 9, 'add_accessattemptexpiration');
INSERT INTO public.auth_permission VALUES (34, 'Can change access attempt expiration', 9, 'change_accessattemptexpiration');
INSERT INTO public.auth_permission VALUES (35, 'Can delete access attempt expiration', 9, 'delete_accessattemptexpiration');
INSERT INTO public.auth_permission VALUES (36, 'Can view access attempt expiration', 9, 'view_accessattemptexpiration');
INSERT INTO public.auth_permission VALUES (37, 'Can add Task Result', 10, 'add_dbtaskresult');
INSERT INTO public.auth_permission VALUES (38, 'Can change Task Result', 10, 'change_dbtaskresult');
INSERT INTO public.auth_permission VALUES (39, 'Can delete Task Result', 10, 'delete_dbtaskresult');
INSERT INTO public.auth_permission VALUES (40, 'Can view Task Result', 10, 'view_dbtaskresult');
INSERT INTO public.auth_permission VALUES (41, 'Can add team', 11, 'add_team');
INSERT INTO public.auth_permission VALUES (42, 'Can change team', 11, 'change_team');
INSERT INTO public.auth_permission VALUES (43, 'Can delete team', 11, 'delete_team');
INSERT INTO public.auth_permission VALUES (44, 'Can view team', 11, 'view_team');
INSERT INTO public.auth_permission VALUES (45, 'Can add user', 12, 'add_user');
INSERT INTO public.auth_permission VALUES (46, 'Can change user', 12, 'change_user');
INSERT INTO public.auth_permission VALUES (47, 'Can delete user', 12, 'delete_user');
INSERT INTO public.auth_permission VALUES (48, 'Can view user', 12, 'view_user');
INSERT INTO public.auth_permission VALUES (49, 'Can add invitation', 13, 'add_invitation');
INSERT INTO public.auth_permission VALUES (50, 'Can change invitation', 13, 'change_invitation');
INSERT INTO public.auth_permission VALUES (51, 'Can delete invitation', 13, 'delete_invitation');
INSERT INTO public.auth_permission VALUES (52, 'Can view invitation', 13, 'view_invitation');
INSERT INTO public.auth_permission VALUES (53, 'Can add api token', 14, 'add_apitoken');
INSERT INTO public.auth_permission VALUES (54, 'Can change api token', 14, 'change_apitoken');
INSERT INTO public.auth_permission VALUES (55, 'Can delete api token', 14, 'delete_apitoken');
INSERT INTO public.auth_permission VALUES (56, 'Can view api token', 14, 'view_apitoken');
INSERT INTO public.auth_permission VALUES (57, 'Can add membership', 15, 'add_membership');
INSERT INTO public.auth_permission VALUES (58, 'Can change membership', 15, 'change_membership');
INSERT INTO public.auth_permission VALUES (59, 'Can delete membership', 15, 'delete_membership');
INSERT INTO public.auth_permission VALUES (60, 'Can view membership', 15, 'view_membership');
INSERT INTO public.auth_permission VALUES (61, 'Can add audit event', 16, 'add_auditevent');
INSERT INTO public.auth_permission VALUES (62, 'Can change audit event', 16, 'change_auditevent');
INSERT INTO public.auth_permission VALUES (63, 'Can delete audit event', 16, 'delete_auditevent');
INSERT INTO public.auth_permission VALUES (64, 'Can view audit event', 16, 'view_auditevent');
INSERT INTO public.auth_permission VALUES (65, 'Can add idempotency key', 17, 'add_idempotencykey');
INSERT INTO public.auth_permission VALUES (66, 'Can change idempotency key', 17, 'change_idempotencykey');
INSERT INTO public.auth_permission VALUES (67, 'Can delete idempotency key', 17, 'delete_idempotencykey');
INSERT INTO public.auth_permission VALUES (68, 'Can view idempotency key', 17, 'view_idempotencykey');
INSERT INTO public.auth_permission VALUES (69, 'Can add password reset request', 18, 'add_passwordresetrequest');
INSERT INTO public.auth_permission VALUES (70, 'Can change password reset request', 18, 'change_passwordresetrequest');
INSERT INTO public.auth_permission VALUES (71, 'Can delete password reset request', 18, 'delete_passwordresetrequest');
INSERT INTO public.auth_permission VALUES (72, 'Can view password reset request', 18, 'view_passwordresetrequest');
INSERT INTO public.auth_permission VALUES (73, 'Can add provider grant', 19, 'add_providergrant');
INSERT INTO public.auth_permission VALUES (74, 'Can change provider grant', 19, 'change_providergrant');
INSERT INTO public.auth_permission VALUES (75, 'Can delete provider grant', 19, 'delete_providergrant');
INSERT INTO public.auth_permission VALUES (76, 'Can view provider grant', 19, 'view_providergrant');
INSERT INTO public.auth_permission VALUES (77, 'Can add user session', 20, 'add_usersession');
INSERT INTO public.auth_permission VALUES (78, 'Can change user session', 20, 'change_usersession');
INSERT INTO public.auth_permission VALUES (79, 'Can delete user session', 20, 'delete_usersession');
INSERT INTO public.auth_permission VALUES (80, 'Can view user session', 20, 'view_usersession');
INSERT INTO public.auth_permission VALUES (81, 'Can add kept deletion', 21, 'add_keptdeletion');
INSERT INTO public.auth_permission VALUES (82, 'Can change kept deletion', 21, 'change_keptdeletion');
INSERT INTO public.auth_permission VALUES (83, 'Can delete kept deletion', 21, 'delete_keptdeletion');
INSERT INTO public.auth_permission VALUES (84, 'Can view kept deletion', 21, 'view_keptdeletion');
INSERT INTO public.auth_permission VALUES (85, 'Can add job', 22, 'add_job');
INSERT INTO public.auth_permission VALUES (86, 'Can change job', 22, 'change_job');
INSERT INTO public.auth_permission VALUES (87, 'Can delete job', 22, 'delete_job');
INSERT INTO public.auth_permission VALUES (88, 'Can view job', 22, 'view_job');
INSERT INTO public.auth_permission VALUES (89, 'Can add job log', 23, 'add_joblog');
INSERT INTO public.auth_permission VALUES (90, 'Can change job log', 23, 'change_joblog');
INSERT INTO public.auth_permission VALUES (91, 'Can delete job log', 23, 'delete_joblog');
INSERT INTO public.auth_permission VALUES (92, 'Can view job log', 23, 'view_joblog');
INSERT INTO public.auth_permission VALUES (93, 'Can add schedule', 24, 'add_schedule');
INSERT INTO public.auth_permission VALUES (94, 'Can change schedule', 24, 'change_schedule');
INSERT INTO public.auth_permission VALUES (95, 'Can delete schedule', 24, 'delete_schedule');
INSERT INTO public.auth_permission VALUES (96, 'Can view schedule', 24, 'view_schedule');
INSERT INTO public.auth_permission VALUES (97, 'Can add team load', 25, 'add_teamload');
INSERT INTO public.auth_permission VALUES (98, 'Can change team load', 25, 'change_teamload');
INSERT INTO public.auth_permission VALUES (99, 'Can delete team load', 25, 'delete_teamload');
INSERT INTO public.auth_permission VALUES (100, 'Can view team load', 25, 'view_teamload');
INSERT INTO public.auth_permission VALUES (101, 'Can add budget', 26, 'add_budget');
INSERT INTO public.auth_permission VALUES (102, 'Can change budget', 26, 'change_budget');
INSERT INTO public.auth_permission VALUES (103, 'Can delete budget', 26, 'delete_budget');
INSERT INTO public.auth_permission VALUES (104, 'Can view budget', 26, 'view_budget');
INSERT INTO public.auth_permission VALUES (105, 'Can add job samples', 27, 'add_jobsamples');
INSERT INTO public.auth_permission VALUES (106, 'Can change job samples', 27, 'change_jobsamples');
INSERT INTO public.auth_permission VALUES (107, 'Can delete job samples', 27, 'delete_jobsamples');
INSERT INTO public.auth_permission VALUES (108, 'Can view job samples', 27, 'view_jobsamples');
INSERT INTO public.auth_permission VALUES (109, 'Can add worker process', 28, 'add_workerprocess');
INSERT INTO public.auth_permission VALUES (110, 'Can change worker process', 28, 'change_workerprocess');
INSERT INTO public.auth_permission VALUES (111, 'Can delete worker process', 28, 'delete_workerprocess');
INSERT INTO public.auth_permission VALUES (112, 'Can view worker process', 28, 'view_workerprocess');
INSERT INTO public.auth_permission VALUES (113, 'Can add stored file', 29, 'add_storedfile');
INSERT INTO public.auth_permission VALUES (114, 'Can change stored file', 29, 'change_storedfile');
INSERT INTO public.auth_permission VALUES (115, 'Can delete stored file', 29, 'delete_storedfile');
INSERT INTO public.auth_permission VALUES (116, 'Can view stored file', 29, 'view_storedfile');
INSERT INTO public.auth_permission VALUES (117, 'Can add channel', 30, 'add_channel');
INSERT INTO public.auth_permission VALUES (118, 'Can change channel', 30, 'change_channel');
INSERT INTO public.auth_permission VALUES (119, 'Can delete channel', 30, 'delete_channel');
INSERT INTO public.auth_permission VALUES (120, 'Can view channel', 30, 'view_channel');
INSERT INTO public.auth_permission VALUES (121, 'Can add notice', 31, 'add_notice');
INSERT INTO public.auth_permission VALUES (122, 'Can change notice', 31, 'change_notice');
INSERT INTO public.auth_permission VALUES (123, 'Can delete notice', 31, 'delete_notice');
INSERT INTO public.auth_permission VALUES (124, 'Can view notice', 31, 'view_notice');
INSERT INTO public.auth_permission VALUES (125, 'Can add inbox entry', 32, 'add_inboxentry');
INSERT INTO public.auth_permission VALUES (126, 'Can change inbox entry', 32, 'change_inboxentry');
INSERT INTO public.auth_permission VALUES (127, 'Can delete inbox entry', 32, 'delete_inboxentry');
INSERT INTO public.auth_permission VALUES (128, 'Can view inbox entry', 32, 'view_inboxentry');
INSERT INTO public.auth_permission VALUES (129, 'Can add delivery', 33, 'add_delivery');
INSERT INTO public.auth_permission VALUES (130, 'Can change delivery', 33, 'change_delivery');
INSERT INTO public.auth_permission VALUES (131, 'Can delete delivery', 33, 'delete_delivery');
INSERT INTO public.auth_permission VALUES (132, 'Can view delivery', 33, 'view_delivery');
INSERT INTO public.auth_permission VALUES (133, 'Can add watch cursor', 34, 'add_watchcursor');
INSERT INTO public.auth_permission VALUES (134, 'Can change watch cursor', 34, 'change_watchcursor');
INSERT INTO public.auth_permission VALUES (135, 'Can delete watch cursor', 34, 'delete_watchcursor');
INSERT INTO public.auth_permission VALUES (136, 'Can view watch cursor', 34, 'view_watchcursor');
INSERT INTO public.auth_permission VALUES (137, 'Can add write up', 35, 'add_writeup');
INSERT INTO public.auth_permission VALUES (138, 'Can change write up', 35, 'change_writeup');
INSERT INTO public.auth_permission VALUES (139, 'Can delete write up', 35, 'delete_writeup');
INSERT INTO public.auth_permission VALUES (140, 'Can view write up', 35, 'view_writeup');
INSERT INTO public.auth_permission VALUES (141, 'Can add write up version', 36, 'add_writeupversion');
INSERT INTO public.auth_permission VALUES (142, 'Can change write up version', 36, 'change_writeupversion');
INSERT INTO public.auth_permission VALUES (143, 'Can delete write up version', 36, 'delete_writeupversion');
INSERT INTO public.auth_permission VALUES (144, 'Can view write up version', 36, 'view_writeupversion');
INSERT INTO public.auth_permission VALUES (145, 'Can add comment', 37, 'add_comment');
INSERT INTO public.auth_permission VALUES (146, 'Can change comment', 37, 'change_comment');
INSERT INTO public.auth_permission VALUES (147, 'Can delete comment', 37, 'delete_comment');
INSERT INTO public.auth_permission VALUES (148, 'Can view comment', 37, 'view_comment');
INSERT INTO public.auth_permission VALUES (149, 'Can add telling', 38, 'add_telling');
INSERT INTO public.auth_permission VALUES (150, 'Can change telling', 38, 'change_telling');
INSERT INTO public.auth_permission VALUES (151, 'Can delete telling', 38, 'delete_telling');
INSERT INTO public.auth_permission VALUES (152, 'Can view telling', 38, 'view_telling');
INSERT INTO public.auth_permission VALUES (153, 'Can add watch', 39, 'add_watch');
INSERT INTO public.auth_permission VALUES (154, 'Can change watch', 39, 'change_watch');
INSERT INTO public.auth_permission VALUES (155, 'Can delete watch', 39, 'delete_watch');
INSERT INTO public.auth_permission VALUES (156, 'Can view watch', 39, 'view_watch');
INSERT INTO public.auth_permission VALUES (157, 'Can add dataset', 40, 'add_dataset');
INSERT INTO public.auth_permission VALUES (158, 'Can change dataset', 40, 'change_dataset');
INSERT INTO public.auth_permission VALUES (159, 'Can delete dataset', 40, 'delete_dataset');
INSERT INTO public.auth_permission VALUES (160, 'Can view dataset', 40, 'view_dataset');
INSERT INTO public.auth_permission VALUES (161, 'Can add dataset version', 41, 'add_datasetversion');
INSERT INTO public.auth_permission VALUES (162, 'Can change dataset version', 41, 'change_datasetversion');
INSERT INTO public.auth_permission VALUES (163, 'Can delete dataset version', 41, 'delete_datasetversion');
INSERT INTO public.auth_permission VALUES (164, 'Can view dataset version', 41, 'view_datasetversion');
INSERT INTO public.auth_permission VALUES (165, 'Can add problem', 42, 'add_problem');
INSERT INTO public.auth_permission VALUES (166, 'Can change problem', 42, 'change_problem');
INSERT INTO public.auth_permission VALUES (167, 'Can delete problem', 42, 'delete_problem');
INSERT INTO public.auth_permission VALUES (168, 'Can view problem', 42, 'view_problem');
INSERT INTO public.auth_permission VALUES (169, 'Can add experiment', 43, 'add_experiment');
INSERT INTO public.auth_permission VALUES (170, 'Can change experiment', 43, 'change_experiment');
INSERT INTO public.auth_permission VALUES (171, 'Can delete experiment', 43, 'delete_experiment');
INSERT INTO public.auth_permission VALUES (172, 'Can view experiment', 43, 'view_experiment');
INSERT INTO public.auth_permission VALUES (173, 'Can add run', 44, 'add_run');
INSERT INTO public.auth_permission VALUES (174, 'Can change run', 44, 'change_run');
INSERT INTO public.auth_permission VALUES (175, 'Can delete run', 44, 'delete_run');
INSERT INTO public.auth_permission VALUES (176, 'Can view run', 44, 'view_run');
INSERT INTO public.auth_permission VALUES (177, 'Can add param', 45, 'add_param');
INSERT INTO public.auth_permission VALUES (178, 'Can change param', 45, 'change_param');
INSERT INTO public.auth_permission VALUES (179, 'Can delete param', 45, 'delete_param');
INSERT INTO public.auth_permission VALUES (180, 'Can view param', 45, 'view_param');
INSERT INTO public.auth_permission VALUES (181, 'Can add latest metric', 46, 'add_latestmetric');
INSERT INTO public.auth_permission VALUES (182, 'Can change latest metric', 46, 'change_latestmetric');
INSERT INTO public.auth_permission VALUES (183, 'Can delete latest metric', 46, 'delete_latestmetric');
INSERT INTO public.auth_permission VALUES (184, 'Can view latest metric', 46, 'view_latestmetric');
INSERT INTO public.auth_permission VALUES (185, 'Can add curve', 47, 'add_curve');
INSERT INTO public.auth_permission VALUES (186, 'Can change curve', 47, 'change_curve');
INSERT INTO public.auth_permission VALUES (187, 'Can delete curve', 47, 'delete_curve');
INSERT INTO public.auth_permission VALUES (188, 'Can view curve', 47, 'view_curve');
INSERT INTO public.auth_permission VALUES (189, 'Can add run tag', 48, 'add_runtag');
INSERT INTO public.auth_permission VALUES (190, 'Can change run tag', 48, 'change_runtag');
INSERT INTO public.auth_permission VALUES (191, 'Can delete run tag', 48, 'delete_runtag');
INSERT INTO public.auth_permission VALUES (192, 'Can view run tag', 48, 'view_runtag');
INSERT INTO public.auth_permission VALUES (193, 'Can add artifact', 49, 'add_artifact');
INSERT INTO public.auth_permission VALUES (194, 'Can change artifact', 49, 'change_artifact');
INSERT INTO public.auth_permission VALUES (195, 'Can delete artifact', 49, 'delete_artifact');
INSERT INTO public.auth_permission VALUES (196, 'Can view artifact', 49, 'view_artifact');
INSERT INTO public.auth_permission VALUES (197, 'Can add input dataset', 50, 'add_inputdataset');
INSERT INTO public.auth_permission VALUES (198, 'Can change input dataset', 50, 'change_inputdataset');
INSERT INTO public.auth_permission VALUES (199, 'Can delete input dataset', 50, 'delete_inputdataset');
INSERT INTO public.auth_permission VALUES (200, 'Can view input dataset', 50, 'view_inputdataset');
INSERT INTO public.auth_permission VALUES (201, 'Can add logged model', 51, 'add_loggedmodel');
INSERT INTO public.auth_permission VALUES (202, 'Can change logged model', 51, 'change_loggedmodel');
INSERT INTO public.auth_permission VALUES (203, 'Can delete logged model', 51, 'delete_loggedmodel');
INSERT INTO public.auth_permission VALUES (204, 'Can view logged model', 51, 'view_loggedmodel');
INSERT INTO public.auth_permission VALUES (205, 'Can add logged model metric', 52, 'add_loggedmodelmetric');
INSERT INTO public.auth_permission VALUES (206, 'Can change logged model metric', 52, 'change_loggedmodelmetric');
INSERT INTO public.auth_permission VALUES (207, 'Can delete logged model metric', 52, 'delete_loggedmodelmetric');
INSERT INTO public.auth_permission VALUES (208, 'Can view logged model metric', 52, 'view_loggedmodelmetric');
INSERT INTO public.auth_permission VALUES (209, 'Can add run input', 53, 'add_runinput');
INSERT INTO public.auth_permission VALUES (210, 'Can change run input', 53, 'change_runinput');
INSERT INTO public.auth_permission VALUES (211, 'Can delete run input', 53, 'delete_runinput');
INSERT INTO public.auth_permission VALUES (212, 'Can view run input', 53, 'view_runinput');
INSERT INTO public.auth_permission VALUES (213, 'Can add run model', 54, 'add_runmodel');
INSERT INTO public.auth_permission VALUES (214, 'Can change run model', 54, 'change_runmodel');
INSERT INTO public.auth_permission VALUES (215, 'Can delete run model', 54, 'delete_runmodel');
INSERT INTO public.auth_permission VALUES (216, 'Can view run model', 54, 'view_runmodel');
INSERT INTO public.auth_permission VALUES (217, 'Can add metric chunk', 55, 'add_metricchunk');
INSERT INTO public.auth_permission VALUES (218, 'Can change metric chunk', 55, 'change_metricchunk');
INSERT INTO public.auth_permission VALUES (219, 'Can delete metric chunk', 55, 'delete_metricchunk');
INSERT INTO public.auth_permission VALUES (220, 'Can view metric chunk', 55, 'view_metricchunk');
INSERT INTO public.auth_permission VALUES (221, 'Can add metric point', 56, 'add_metricpoint');
INSERT INTO public.auth_permission VALUES (222, 'Can change metric point', 56, 'change_metricpoint');
INSERT INTO public.auth_permission VALUES (223, 'Can delete metric point', 56, 'delete_metricpoint');
INSERT INTO public.auth_permission VALUES (224, 'Can view metric point', 56, 'view_metricpoint');
INSERT INTO public.auth_permission VALUES (225, 'Can add purged run', 57, 'add_purgedrun');
INSERT INTO public.auth_permission VALUES (226, 'Can change purged run', 57, 'change_purgedrun');
INSERT INTO public.auth_permission VALUES (227, 'Can delete purged run', 57, 'delete_purgedrun');
INSERT INTO public.auth_permission VALUES (228, 'Can view purged run', 57, 'view_purgedrun');
INSERT INTO public.auth_permission VALUES (229, 'Can add selection study', 58, 'add_selectionstudy');
INSERT INTO public.auth_permission VALUES (230, 'Can change selection study', 58, 'change_selectionstudy');
INSERT INTO public.auth_permission VALUES (231, 'Can delete selection study', 58, 'delete_selectionstudy');
INSERT INTO public.auth_permission VALUES (232, 'Can view selection study', 58, 'view_selectionstudy');
INSERT INTO public.auth_permission VALUES (233, 'Can add recipe', 59, 'add_recipe');
INSERT INTO public.auth_permission VALUES (234, 'Can change recipe', 59, 'change_recipe');
INSERT INTO public.auth_permission VALUES (235, 'Can delete recipe', 59, 'delete_recipe');
INSERT INTO public.auth_permission VALUES (236, 'Can view recipe', 59, 'view_recipe');
INSERT INTO public.auth_permission VALUES (237, 'Can add recipe version', 60, 'add_recipeversion');
INSERT INTO public.auth_permission VALUES (238, 'Can change recipe version', 60, 'change_recipeversion');
INSERT INTO public.auth_permission VALUES (239, 'Can delete recipe version', 60, 'delete_recipeversion');
INSERT INTO public.auth_permission VALUES (240, 'Can view recipe version', 60, 'view_recipeversion');
INSERT INTO public.auth_permission VALUES (241, 'Can add dataset profile', 61, 'add_datasetprofile');
INSERT INTO public.auth_permission VALUES (242, 'Can change dataset profile', 61, 'change_datasetprofile');
INSERT INTO public.auth_permission VALUES (243, 'Can delete dataset profile', 61, 'delete_datasetprofile');
INSERT INTO public.auth_permission VALUES (244, 'Can view dataset profile', 61, 'view_datasetprofile');
INSERT INTO public.auth_permission VALUES (245, 'Can add data contract', 62, 'add_datacontract');
INSERT INTO public.auth_permission VALUES (246, 'Can change data contract', 62, 'change_datacontract');
INSERT INTO public.auth_permission VALUES (247, 'Can delete data contract', 62, 'delete_datacontract');
INSERT INTO public.auth_permission VALUES (248, 'Can view data contract', 62, 'view_datacontract');
INSERT INTO public.auth_permission VALUES (249, 'Can add contract check', 63, 'add_contractcheck');
INSERT INTO public.auth_permission VALUES (250, 'Can change contract check', 63, 'change_contractcheck');
INSERT INTO public.auth_permission VALUES (251, 'Can delete contract check', 63, 'delete_contractcheck');
INSERT INTO public.auth_permission VALUES (252, 'Can view contract check', 63, 'view_contractcheck');
INSERT INTO public.auth_permission VALUES (253, 'Can add quality alert', 64, 'add_qualityalert');
INSERT INTO public.auth_permission VALUES (254, 'Can change quality alert', 64, 'change_qualityalert');
INSERT INTO public.auth_permission VALUES (255, 'Can delete quality alert', 64, 'delete_qualityalert');
INSERT INTO public.auth_permission VALUES (256, 'Can view quality alert', 64, 'view_qualityalert');
INSERT INTO public.auth_permission VALUES (257, 'Can add training schedule', 65, 'add_trainingschedule');
INSERT INTO public.auth_permission VALUES (258, 'Can change training schedule', 65, 'change_trainingschedule');
INSERT INTO public.auth_permission VALUES (259, 'Can delete training schedule', 65, 'delete_trainingschedule');
INSERT INTO public.auth_permission VALUES (260, 'Can view training schedule', 65, 'view_trainingschedule');
INSERT INTO public.auth_permission VALUES (261, 'Can add version comparison', 66, 'add_versioncomparison');
INSERT INTO public.auth_permission VALUES (262, 'Can change version comparison', 66, 'change_versioncomparison');
INSERT INTO public.auth_permission VALUES (263, 'Can delete version comparison', 66, 'delete_versioncomparison');
INSERT INTO public.auth_permission VALUES (264, 'Can view version comparison', 66, 'view_versioncomparison');
INSERT INTO public.auth_permission VALUES (265, 'Can add dataset part', 67, 'add_datasetpart');
INSERT INTO public.auth_permission VALUES (266, 'Can change dataset part', 67, 'change_datasetpart');
INSERT INTO public.auth_permission VALUES (267, 'Can delete dataset part', 67, 'delete_datasetpart');
INSERT INTO public.auth_permission VALUES (268, 'Can view dataset part', 67, 'view_datasetpart');
INSERT INTO public.auth_permission VALUES (269, 'Can add data source', 68, 'add_datasource');
INSERT INTO public.auth_permission VALUES (270, 'Can change data source', 68, 'change_datasource');
INSERT INTO public.auth_permission VALUES (271, 'Can delete data source', 68, 'delete_datasource');
INSERT INTO public.auth_permission VALUES (272, 'Can view data source', 68, 'view_datasource');
INSERT INTO public.auth_permission VALUES (273, 'Can add staged row', 69, 'add_stagedrow');
INSERT INTO public.auth_permission VALUES (274, 'Can change staged row', 69, 'change_stagedrow');
INSERT INTO public.auth_permission VALUES (275, 'Can delete staged row', 69, 'delete_stagedrow');
INSERT INTO public.auth_permission VALUES (276, 'Can view staged row', 69, 'view_stagedrow');
INSERT INTO public.auth_permission VALUES (277, 'Can add study', 70, 'add_study');
INSERT INTO public.auth_permission VALUES (278, 'Can change study', 70, 'change_study');
INSERT INTO public.auth_permission VALUES (279, 'Can delete study', 70, 'delete_study');
INSERT INTO public.auth_permission VALUES (280, 'Can view study', 70, 'view_study');
INSERT INTO public.auth_permission VALUES (281, 'Can add study lane', 71, 'add_studylane');
INSERT INTO public.auth_permission VALUES (282, 'Can change study lane', 71, 'change_studylane');
INSERT INTO public.auth_permission VALUES (283, 'Can delete study lane', 71, 'delete_studylane');
INSERT INTO public.auth_permission VALUES (284, 'Can view study lane', 71, 'view_studylane');
INSERT INTO public.auth_permission VALUES (285, 'Can add trial', 72, 'add_trial');
INSERT INTO public.auth_permission VALUES (286, 'Can change trial', 72, 'change_trial');
INSERT INTO public.auth_permission VALUES (287, 'Can delete trial', 72, 'delete_trial');
INSERT INTO public.auth_permission VALUES (288, 'Can view trial', 72, 'view_trial');
INSERT INTO public.auth_permission VALUES (289, 'Can add evaluation', 73, 'add_evaluation');
INSERT INTO public.auth_permission VALUES (290, 'Can change evaluation', 73, 'change_evaluation');
INSERT INTO public.auth_permission VALUES (291, 'Can delete evaluation', 73, 'delete_evaluation');
INSERT INTO public.auth_permission VALUES (292, 'Can view evaluation', 73, 'view_evaluation');
INSERT INTO public.auth_permission VALUES (293, 'Can add test use', 74, 'add_testuse');
INSERT INTO public.auth_permission VALUES (294, 'Can change test use', 74, 'change_testuse');
INSERT INTO public.auth_permission VALUES (295, 'Can delete test use', 74, 'delete_testuse');
INSERT INTO public.auth_permission VALUES (296, 'Can view test use', 74, 'view_testuse');
INSERT INTO public.auth_permission VALUES (297, 'Can add outer fold', 75, 'add_outerfold');
INSERT INTO public.auth_permission VALUES (298, 'Can change outer fold', 75, 'change_outerfold');
INSERT INTO public.auth_permission VALUES (299, 'Can delete outer fold', 75, 'delete_outerfold');
INSERT INTO public.auth_permission VALUES (300, 'Can view outer fold', 75, 'view_outerfold');
INSERT INTO public.auth_permission VALUES (301, 'Can add auto training', 76, 'add_autotraining');
INSERT INTO public.auth_permission VALUES (302, 'Can change auto training', 76, 'change_autotraining');
INSERT INTO public.auth_permission VALUES (303, 'Can delete auto training', 76, 'delete_autotraining');
INSERT INTO public.auth_permission VALUES (304, 'Can view auto training', 76, 'view_autotraining');
INSERT INTO public.auth_permission VALUES (305, 'Can add provenance', 77, 'add_provenance');
INSERT INTO public.auth_permission VALUES (306, 'Can change provenance', 77, 'change_provenance');
INSERT INTO public.auth_permission VALUES (307, 'Can delete provenance', 77, 'delete_provenance');
INSERT INTO public.auth_permission VALUES (308, 'Can view provenance', 77, 'view_provenance');
INSERT INTO public.auth_permission VALUES (309, 'Can add trainer', 78, 'add_trainer');
INSERT INTO public.auth_permission VALUES (310, 'Can change trainer', 78, 'change_trainer');
INSERT INTO public.auth_permission VALUES (311, 'Can delete trainer', 78, 'delete_trainer');
INSERT INTO public.auth_permission VALUES (312, 'Can view trainer', 78, 'view_trainer');
INSERT INTO public.auth_permission VALUES (313, 'Can add run rule', 79, 'add_runrule');
INSERT INTO public.auth_permission VALUES (314, 'Can change run rule', 79, 'change_runrule');
INSERT INTO public.auth_permission VALUES (315, 'Can delete run rule', 79, 'delete_runrule');
INSERT INTO public.auth_permission VALUES (316, 'Can view run rule', 79, 'view_runrule');
INSERT INTO public.auth_permission VALUES (317, 'Can add run telling', 80, 'add_runtelling');
INSERT INTO public.auth_permission VALUES (318, 'Can change run telling', 80, 'change_runtelling');
INSERT INTO public.auth_permission VALUES (319, 'Can delete run telling', 80, 'delete_runtelling');
INSERT INTO public.auth_permission VALUES (320, 'Can view run telling', 80, 'view_runtelling');
INSERT INTO public.auth_permission VALUES (321, 'Can add curve rollup', 81, 'add_curverollup');
INSERT INTO public.auth_permission VALUES (322, 'Can change curve rollup', 81, 'change_curverollup');
INSERT INTO public.auth_permission VALUES (323, 'Can delete curve rollup', 81, 'delete_curverollup');
INSERT INTO public.auth_permission VALUES (324, 'Can view curve rollup', 81, 'view_curverollup');
INSERT INTO public.auth_permission VALUES (325, 'Can add run view', 82, 'add_runview');
INSERT INTO public.auth_permission VALUES (326, 'Can change run view', 82, 'change_runview');
INSERT INTO public.auth_permission VALUES (327, 'Can delete run view', 82, 'delete_runview');
INSERT INTO public.auth_permission VALUES (328, 'Can view run view', 82, 'view_runview');
INSERT INTO public.auth_permission VALUES (329, 'Can add registered model', 83, 'add_registeredmodel');
INSERT INTO public.auth_permission VALUES (330, 'Can change registered model', 83, 'change_registeredmodel');
INSERT INTO public.auth_permission VALUES (331, 'Can delete registered model', 83, 'delete_registeredmodel');
INSERT INTO public.auth_permission VALUES (332, 'Can view registered model', 83, 'view_registeredmodel');
INSERT INTO public.auth_permission VALUES (333, 'Can add model version', 84, 'add_modelversion');
INSERT INTO public.auth_permission VALUES (334, 'Can change model version', 84, 'change_modelversion');
INSERT INTO public.auth_permission VALUES (335, 'Can delete model version', 84, 'delete_modelversion');
INSERT INTO public.auth_permission VALUES (336, 'Can view model version', 84, 'view_modelversion');
INSERT INTO public.auth_permission VALUES (337, 'Can add alias', 85, 'add_alias');
INSERT INTO public.auth_permission VALUES (338, 'Can change alias', 85, 'change_alias');
INSERT INTO public.auth_permission VALUES (339, 'Can delete alias', 85, 'delete_alias');
INSERT INTO public.auth_permission VALUES (340, 'Can view alias', 85, 'view_alias');
INSERT INTO public.auth_permission VALUES (341, 'Can add model file', 86, 'add_modelfile');
INSERT INTO public.auth_permission VALUES (342, 'Can change model file', 86, 'change_modelfile');
INSERT INTO public.auth_permission VALUES (343, 'Can delete model file', 86, 'delete_modelfile');
INSERT INTO public.auth_permission VALUES (344, 'Can view model file', 86, 'view_modelfile');
INSERT INTO public.auth_permission VALUES (345, 'Can add webhook', 87, 'add_webhook');
INSERT INTO public.auth_permission VALUES (346, 'Can change webhook', 87, 'change_webhook');
INSERT INTO public.auth_permission VALUES (347, 'Can delete webhook', 87, 'delete_webhook');
INSERT INTO public.auth_permission VALUES (348, 'Can view webhook', 87, 'view_webhook');
INSERT INTO public.auth_permission VALUES (349, 'Can add webhook delivery', 88, 'add_webhookdelivery');
INSERT INTO public.auth_permission VALUES (350, 'Can change webhook delivery', 88, 'change_webhookdelivery');
INSERT INTO public.auth_permission VALUES (351, 'Can delete webhook delivery', 88, 'delete_webhookdelivery');
INSERT INTO public.auth_permission VALUES (352, 'Can view webhook delivery', 88, 'view_webhookdelivery');
INSERT INTO public.auth_permission VALUES (353, 'Can add compilation', 89, 'add_compilation');
INSERT INTO public.auth_permission VALUES (354, 'Can change compilation', 89, 'change_compilation');
INSERT INTO public.auth_permission VALUES (355, 'Can delete compilation', 89, 'delete_compilation');
INSERT INTO public.auth_permission VALUES (356, 'Can view compilation', 89, 'view_compilation');
INSERT INTO public.auth_permission VALUES (357, 'Can add model gate', 90, 'add_modelgate');
INSERT INTO public.auth_permission VALUES (358, 'Can change model gate', 90, 'change_modelgate');
INSERT INTO public.auth_permission VALUES (359, 'Can delete model gate', 90, 'delete_modelgate');
INSERT INTO public.auth_permission VALUES (360, 'Can view model gate', 90, 'view_modelgate');
INSERT INTO public.auth_permission VALUES (361, 'Can add model test run', 91, 'add_modeltestrun');
INSERT INTO public.auth_permission VALUES (362, 'Can change model test run', 91, 'change_modeltestrun');
INSERT INTO public.auth_permission VALUES (363, 'Can delete model test run', 91, 'delete_modeltestrun');
INSERT INTO public.auth_permission VALUES (364, 'Can view model test run', 91, 'view_modeltestrun');
INSERT INTO public.auth_permission VALUES (365, 'Can add model test result', 92, 'add_modeltestresult');
INSERT INTO public.auth_permission VALUES (366, 'Can change model test result', 92, 'change_modeltestresult');
INSERT INTO public.auth_permission VALUES (367, 'Can delete model test result', 92, 'delete_modeltestresult');
INSERT INTO public.auth_permission VALUES (368, 'Can view model test result', 92, 'view_modeltestresult');
INSERT INTO public.auth_permission VALUES (369, 'Can add awaited alias', 93, 'add_awaitedalias');
INSERT INTO public.auth_permission VALUES (370, 'Can change awaited alias', 93, 'change_awaitedalias');
INSERT INTO public.auth_permission VALUES (371, 'Can delete awaited alias', 93, 'delete_awaitedalias');
INSERT INTO public.auth_permission VALUES (372, 'Can view awaited alias', 93, 'view_awaitedalias');
INSERT INTO public.auth_permission VALUES (373, 'Can add card text', 94, 'add_cardtext');
INSERT INTO public.auth_permission VALUES (374, 'Can change card text', 94, 'change_cardtext');
INSERT INTO public.auth_permission VALUES (375, 'Can delete card text', 94, 'delete_cardtext');
INSERT INTO public.auth_permission VALUES (376, 'Can view card text', 94, 'view_cardtext');
INSERT INTO public.auth_permission VALUES (377, 'Can add intake', 95, 'add_intake');
INSERT INTO public.auth_permission VALUES (378, 'Can change intake', 95, 'change_intake');
INSERT INTO public.auth_permission VALUES (379, 'Can delete intake', 95, 'delete_intake');
INSERT INTO public.auth_permission VALUES (380, 'Can view intake', 95, 'view_intake');
INSERT INTO public.auth_permission VALUES (381, 'Can add load verdict', 96, 'add_loadverdict');
INSERT INTO public.auth_permission VALUES (382, 'Can change load verdict', 96, 'change_loadverdict');
INSERT INTO public.auth_permission VALUES (383, 'Can delete load verdict', 96, 'delete_loadverdict');
INSERT INTO public.auth_permission VALUES (384, 'Can view load verdict', 96, 'view_loadverdict');
INSERT INTO public.auth_permission VALUES (385, 'Can add optimisation', 97, 'add_optimisation');
INSERT INTO public.auth_permission VALUES (386, 'Can change optimisation', 97, 'change_optimisation');
INSERT INTO public.auth_permission VALUES (387, 'Can delete optimisation', 97, 'delete_optimisation');
INSERT INTO public.auth_permission VALUES (388, 'Can view optimisation', 97, 'view_optimisation');
INSERT INTO public.auth_permission VALUES (389, 'Can add optimised candidate', 98, 'add_optimisedcandidate');
INSERT INTO public.auth_permission VALUES (390, 'Can change optimised candidate', 98, 'change_optimisedcandidate');
INSERT INTO public.auth_permission VALUES (391, 'Can delete optimised candidate', 98, 'delete_optimisedcandidate');
INSERT INTO public.auth_permission VALUES (392, 'Can view optimised candidate', 98, 'view_optimisedcandidate');
INSERT INTO public.auth_permission VALUES (393, 'Can add promotion request', 99, 'add_promotionrequest');
INSERT INTO public.auth_permission VALUES (394, 'Can change promotion request', 99, 'change_promotionrequest');
INSERT INTO public.auth_permission VALUES (395, 'Can delete promotion request', 99, 'delete_promotionrequest');
INSERT INTO public.auth_permission VALUES (396, 'Can view promotion request', 99, 'view_promotionrequest');
INSERT INTO public.auth_permission VALUES (397, 'Can add promotion review', 100, 'add_promotionreview');
INSERT INTO public.auth_permission VALUES (398, 'Can change promotion review', 100, 'change_promotionreview');
INSERT INTO public.auth_permission VALUES (399, 'Can delete promotion review', 100, 'delete_promotionreview');
INSERT INTO public.auth_permission VALUES (400, 'Can view promotion review', 100, 'view_promotionreview');
INSERT INTO public.auth_permission VALUES (401, 'Can add alias move', 101, 'add_aliasmove');
INSERT INTO public.auth_permission VALUES (402, 'Can change alias move', 101, 'change_aliasmove');
INSERT INTO public.auth_permission VALUES (403, 'Can delete alias move', 101, 'delete_aliasmove');
INSERT INTO public.auth_permission VALUES (404, 'Can view alias move', 101, 'view_aliasmove');
INSERT INTO public.auth_permission VALUES (405, 'Can add approval policy', 102, 'add_approvalpolicy');
INSERT INTO public.auth_permission VALUES (406, 'Can change approval policy', 102, 'change_approvalpolicy');
INSERT INTO public.auth_permission VALUES (407, 'Can delete approval policy', 102, 'delete_approvalpolicy');
INSERT INTO public.auth_permission VALUES (408, 'Can view approval policy', 102, 'view_approvalpolicy');
INSERT INTO public.auth_permission VALUES (409, 'Can add routing epoch', 103, 'add_routingepoch');
INSERT INTO public.auth_permission VALUES (410, 'Can change routing epoch', 103, 'change_routingepoch');
INSERT INTO public.auth_permission VALUES (411, 'Can delete routing epoch', 103, 'delete_routingepoch');
INSERT INTO public.auth_permission VALUES (412, 'Can view routing epoch', 103, 'view_routingepoch');
INSERT INTO public.auth_permission VALUES (413, 'Can add endpoint', 104, 'add_endpoint');
INSERT INTO public.auth_permission VALUES (414, 'Can change endpoint', 104, 'change_endpoint');
INSERT INTO public.auth_permission VALUES (415, 'Can delete endpoint', 104, 'delete_endpoint');
INSERT INTO public.auth_permission VALUES (416, 'Can view endpoint', 104, 'view_endpoint');
INSERT INTO public.auth_permission VALUES (417, 'Can add feedback', 105, 'add_feedback');
INSERT INTO public.auth_permission VALUES (418, 'Can change feedback', 105, 'change_feedback');
INSERT INTO public.auth_permission VALUES (419, 'Can delete feedback', 105, 'delete_feedback');
INSERT INTO public.auth_permission VALUES (420, 'Can view feedback', 105, 'view_feedback');
INSERT INTO public.auth_permission VALUES (421, 'Can add prediction', 106, 'add_prediction');
INSERT INTO public.auth_permission VALUES (422, 'Can change prediction', 106, 'change_prediction');
INSERT INTO public.auth_permission VALUES (423, 'Can delete prediction', 106, 'delete_prediction');
INSERT INTO public.auth_permission VALUES (424, 'Can view prediction', 106, 'view_prediction');
INSERT INTO public.auth_permission VALUES (425, 'Can add variant', 107, 'add_variant');
INSERT INTO public.auth_permission VALUES (426, 'Can change variant', 107, 'change_variant');
INSERT INTO public.auth_permission VALUES (427, 'Can delete variant', 107, 'delete_variant');
INSERT INTO public.auth_permission VALUES (428, 'Can view variant', 107, 'view_variant');
INSERT INTO public.auth_permission VALUES (429, 'Can add answer count', 108, 'add_answercount');
INSERT INTO public.auth_permission VALUES (430, 'Can change answer count', 108, 'change_answercount');
INSERT INTO public.auth_permission VALUES (431, 'Can delete answer count', 108, 'delete_answercount');
INSERT INTO public.auth_permission VALUES (432, 'Can view answer count', 108, 'view_answercount');
INSERT INTO public.auth_permission VALUES (433, 'Can add ab test', 109, 'add_abtest');
INSERT INTO public.auth_permission VALUES (434, 'Can change ab test', 109, 'change_abtest');
INSERT INTO public.auth_permission VALUES (435, 'Can delete ab test', 109, 'delete_abtest');
INSERT INTO public.auth_permission VALUES (436, 'Can view ab test', 109, 'view_abtest');
INSERT INTO public.auth_permission VALUES (437, 'Can add ab test look', 110, 'add_abtestlook');
INSERT INTO public.auth_permission VALUES (438, 'Can change ab test look', 110, 'change_abtestlook');
INSERT INTO public.auth_permission VALUES (439, 'Can delete ab test look', 110, 'delete_abtestlook');
INSERT INTO public.auth_permission VALUES (440, 'Can view ab test look', 110, 'view_abtestlook');
INSERT INTO public.auth_permission VALUES (441, 'Can add ab test step', 111, 'add_abteststep');
INSERT INTO public.auth_permission VALUES (442, 'Can change ab test step', 111, 'change_abteststep');
INSERT INTO public.auth_permission VALUES (443, 'Can delete ab test step', 111, 'delete_abteststep');
INSERT INTO public.auth_permission VALUES (444, 'Can view ab test step', 111, 'view_abteststep');
INSERT INTO public.auth_permission VALUES (445, 'Can add shadow', 112, 'add_shadow');
INSERT INTO public.auth_permission VALUES (446, 'Can change shadow', 112, 'change_shadow');
INSERT INTO public.auth_permission VALUES (447, 'Can delete shadow', 112, 'delete_shadow');
INSERT INTO public.auth_permission VALUES (448, 'Can view shadow', 112, 'view_shadow');
INSERT INTO public.auth_permission VALUES (449, 'Can add shadow answer', 113, 'add_shadowanswer');
INSERT INTO public.auth_permission VALUES (450, 'Can change shadow answer', 113, 'change_shadowanswer');
INSERT INTO public.auth_permission VALUES (451, 'Can delete shadow answer', 113, 'delete_shadowanswer');
INSERT INTO public.auth_permission VALUES (452, 'Can view shadow answer', 113, 'view_shadowanswer');
INSERT INTO public.auth_permission VALUES (453, 'Can add batch', 114, 'add_batch');
INSERT INTO public.auth_permission VALUES (454, 'Can change batch', 114, 'change_batch');
INSERT INTO public.auth_permission VALUES (455, 'Can delete batch', 114, 'delete_batch');
INSERT INTO public.auth_permission VALUES (456, 'Can view batch', 114, 'view_batch');
INSERT INTO public.auth_permission VALUES (457, 'Can add log count', 115, 'add_logcount');
INSERT INTO public.auth_permission VALUES (458, 'Can change log count', 115, 'change_logcount');
INSERT INTO public.auth_permission VALUES (459, 'Can delete log count', 115, 'delete_logcount');
INSERT INTO public.auth_permission VALUES (460, 'Can view log count', 115, 'view_logcount');
INSERT INTO public.auth_permission VALUES (461, 'Can add serving worker', 116, 'add_servingworker');
INSERT INTO public.auth_permission VALUES (462, 'Can change serving worker', 116, 'change_servingworker');
INSERT INTO public.auth_permission VALUES (463, 'Can delete serving worker', 116, 'delete_servingworker');
INSERT INTO public.auth_permission VALUES (464, 'Can view serving worker', 116, 'view_servingworker');
INSERT INTO public.auth_permission VALUES (465, 'Can add unit feedback', 117, 'add_unitfeedback');
INSERT INTO public.auth_permission VALUES (466, 'Can change unit feedback', 117, 'change_unitfeedback');
INSERT INTO public.auth_permission VALUES (467, 'Can delete unit feedback', 117, 'delete_unitfeedback');
INSERT INTO public.auth_permission VALUES (468, 'Can view unit feedback', 117, 'view_unitfeedback');
INSERT INTO public.auth_permission VALUES (469, 'Can add load test', 118, 'add_loadtest');
INSERT INTO public.auth_permission VALUES (470, 'Can change load test', 118, 'change_loadtest');
INSERT INTO public.auth_permission VALUES (471, 'Can delete load test', 118, 'delete_loadtest');
INSERT INTO public.auth_permission VALUES (472, 'Can view load test', 118, 'view_loadtest');
INSERT INTO public.auth_permission VALUES (473, 'Can add drift baseline', 119, 'add_driftbaseline');
INSERT INTO public.auth_permission VALUES (474, 'Can change drift baseline', 119, 'change_driftbaseline');
INSERT INTO public.auth_permission VALUES (475, 'Can delete drift baseline', 119, 'delete_driftbaseline');
INSERT INTO public.auth_permission VALUES (476, 'Can view drift baseline', 119, 'view_driftbaseline');
INSERT INTO public.auth_permission VALUES (477, 'Can add drift watch', 120, 'add_driftwatch');
INSERT INTO public.auth_permission VALUES (478, 'Can change drift watch', 120, 'change_driftwatch');
INSERT INTO public.auth_permission VALUES (479, 'Can delete drift watch', 120, 'delete_driftwatch');
INSERT INTO public.auth_permission VALUES (480, 'Can view drift watch', 120, 'view_driftwatch');
INSERT INTO public.auth_permission VALUES (481, 'Can add uncounted predictions', 121, 'add_uncountedpredictions');
INSERT INTO public.auth_permission VALUES (482, 'Can change uncounted predictions', 121, 'change_uncountedpredictions');
INSERT INTO public.auth_permission VALUES (483, 'Can delete uncounted predictions', 121, 'delete_uncountedpredictions');
INSERT INTO public.auth_permission VALUES (484, 'Can view uncounted predictions', 121, 'view_uncountedpredictions');
INSERT INTO public.auth_permission VALUES (485, 'Can add drift check', 122, 'add_driftcheck');
INSERT INTO public.auth_permission VALUES (486, 'Can change drift check', 122, 'change_driftcheck');
INSERT INTO public.auth_permission VALUES (487, 'Can delete drift check', 122, 'delete_driftcheck');
INSERT INTO public.auth_permission VALUES (488, 'Can view drift check', 122, 'view_driftcheck');
INSERT INTO public.auth_permission VALUES (489, 'Can add drift count', 123, 'add_driftcount');
INSERT INTO public.auth_permission VALUES (490, 'Can change drift count', 123, 'change_driftcount');
INSERT INTO public.auth_permission VALUES (491, 'Can delete drift count', 123, 'delete_driftcount');
INSERT INTO public.auth_permission VALUES (492, 'Can view drift count', 123, 'view_driftcount');
INSERT INTO public.auth_permission VALUES (493, 'Can add alert rule', 124, 'add_alertrule');
INSERT INTO public.auth_permission VALUES (494, 'Can change alert rule', 124, 'change_alertrule');
INSERT INTO public.auth_permission VALUES (495, 'Can delete alert rule', 124, 'delete_alertrule');
INSERT INTO public.auth_permission VALUES (496, 'Can view alert rule', 124, 'view_alertrule');
INSERT INTO public.auth_permission VALUES (497, 'Can add alert event', 125, 'add_alertevent');
INSERT INTO public.auth_permission VALUES (498, 'Can change alert event', 125, 'change_alertevent');
INSERT INTO public.auth_permission VALUES (499, 'Can delete alert event', 125, 'delete_alertevent');
INSERT INTO public.auth_permission VALUES (500, 'Can view alert event', 125, 'view_alertevent');
INSERT INTO public.auth_permission VALUES (501, 'Can add endpoint reading', 126, 'add_endpointreading');
INSERT INTO public.auth_permission VALUES (502, 'Can change endpoint reading', 126, 'change_endpointreading');
INSERT INTO public.auth_permission VALUES (503, 'Can delete endpoint reading', 126, 'delete_endpointreading');
INSERT INTO public.auth_permission VALUES (504, 'Can view endpoint reading', 126, 'view_endpointreading');
INSERT INTO public.auth_permission VALUES (505, 'Can add retraining', 127, 'add_retraining');
INSERT INTO public.auth_permission VALUES (506, 'Can change retraining', 127, 'change_retraining');
INSERT INTO public.auth_permission VALUES (507, 'Can delete retraining', 127, 'delete_retraining');
INSERT INTO public.auth_permission VALUES (508, 'Can view retraining', 127, 'view_retraining');
INSERT INTO public.auth_permission VALUES (509, 'Can add retraining policy', 128, 'add_retrainingpolicy');
INSERT INTO public.auth_permission VALUES (510, 'Can change retraining policy', 128, 'change_retrainingpolicy');
INSERT INTO public.auth_permission VALUES (511, 'Can delete retraining policy', 128, 'delete_retrainingpolicy');
INSERT INTO public.auth_permission VALUES (512, 'Can view retraining policy', 128, 'view_retrainingpolicy');
INSERT INTO public.auth_permission VALUES (513, 'Can add retraining step', 129, 'add_retrainingstep');
INSERT INTO public.auth_permission VALUES (514, 'Can change retraining step', 129, 'change_retrainingstep');
INSERT INTO public.auth_permission VALUES (515, 'Can delete retraining step', 129, 'delete_retrainingstep');
INSERT INTO public.auth_permission VALUES (516, 'Can view retraining step', 129, 'view_retrainingstep');
INSERT INTO public.auth_permission VALUES (517, 'Can add improvement', 130, 'add_improvement');
INSERT INTO public.auth_permission VALUES (518, 'Can change improvement', 130, 'change_improvement');
INSERT INTO public.auth_permission VALUES (519, 'Can delete improvement', 130, 'delete_improvement');
INSERT INTO public.auth_permission VALUES (520, 'Can view improvement', 130, 'view_improvement');
INSERT INTO public.auth_permission VALUES (521, 'Can add report schedule', 131, 'add_reportschedule');
INSERT INTO public.auth_permission VALUES (522, 'Can change report schedule', 131, 'change_reportschedule');
INSERT INTO public.auth_permission VALUES (523, 'Can delete report schedule', 131, 'delete_reportschedule');
INSERT INTO public.auth_permission VALUES (524, 'Can view report schedule', 131, 'view_reportschedule');
INSERT INTO public.auth_permission VALUES (525, 'Can add endpoint report', 132, 'add_endpointreport');
INSERT INTO public.auth_permission VALUES (526, 'Can change endpoint report', 132, 'change_endpointreport');
INSERT INTO public.auth_permission VALUES (527, 'Can delete endpoint report', 132, 'delete_endpointreport');
INSERT INTO public.auth_permission VALUES (528, 'Can view endpoint report', 132, 'view_endpointreport');
INSERT INTO public.auth_permission VALUES (529, 'Can add process load', 133, 'add_processload');
INSERT INTO public.auth_permission VALUES (530, 'Can change process load', 133, 'change_processload');
INSERT INTO public.auth_permission VALUES (531, 'Can delete process load', 133, 'delete_processload');
INSERT INTO public.auth_permission VALUES (532, 'Can view process load', 133, 'view_processload');
INSERT INTO public.auth_permission VALUES (533, 'Can add endpoint move', 134, 'add_endpointmove');
INSERT INTO public.auth_permission VALUES (534, 'Can change endpoint move', 134, 'change_endpointmove');
INSERT INTO public.auth_permission VALUES (535, 'Can delete endpoint move', 134, 'delete_endpointmove');
INSERT INTO public.auth_permission VALUES (536, 'Can view endpoint move', 134, 'view_endpointmove');
INSERT INTO public.django_content_type VALUES (1, 'admin', 'logentry');
INSERT INTO public.django_content_type VALUES (2, 'auth', 'permission');
INSERT INTO public.django_content_type VALUES (3, 'auth', 'group');
INSERT INTO public.django_content_type VALUES (4, 'contenttypes', 'contenttype');
INSERT INTO public.django_content_type VALUES (5, 'sessions', 'session');
INSERT INTO public.django_content_type VALUES (6, 'axes', 'accessattempt');
INSERT INTO public.django_content_type VALUES (7, 'axes', 'accesslog');
INSERT INTO public.django_content_type VALUES (8, 'axes', 'accessfailurelog');
INSERT INTO public.django_content_type VALUES (9, 'axes', 'accessattemptexpiration');
INSERT INTO public.django_content_type VALUES (10, 'django_tasks_database', 'dbtaskresult');
INSERT INTO public.django_content_type VALUES (11, 'accounts', 'team');
INSERT INTO public.django_content_type VALUES (12, 'accounts', 'user');
INSERT INTO public.django_content_type VALUES (13, 'accounts', 'invitation');
INSERT INTO public.django_content_type VALUES (14, 'accounts', 'apitoken');
INSERT INTO public.django_content_type VALUES (15, 'accounts', 'membership');
INSERT INTO public.django_content_type VALUES (16, 'accounts', 'auditevent');
INSERT INTO public.django_content_type VALUES (17, 'accounts', 'idempotencykey');
INSERT INTO public.django_content_type VALUES (18, 'accounts', 'passwordresetrequest');
INSERT INTO public.django_content_type VALUES (19, 'accounts', 'providergrant');
INSERT INTO public.django_content_type VALUES (20, 'accounts', 'usersession');
INSERT INTO public.django_content_type VALUES (21, 'accounts', 'keptdeletion');
INSERT INTO public.django_content_type VALUES (22, 'jobs', 'job');
INSERT INTO public.django_content_type VALUES (23, 'jobs', 'joblog');
INSERT INTO public.django_content_type VALUES (24, 'jobs', 'schedule');
INSERT INTO public.django_content_type VALUES (25, 'jobs', 'teamload');
INSERT INTO public.django_content_type VALUES (26, 'jobs', 'budget');
INSERT INTO public.django_content_type VALUES (27, 'jobs', 'jobsamples');
INSERT INTO public.django_content_type VALUES (28, 'jobs', 'workerprocess');
INSERT INTO public.django_content_type VALUES (29, 'artifacts', 'storedfile');
INSERT INTO public.django_content_type VALUES (30, 'notices', 'channel');
INSERT INTO public.django_content_type VALUES (31, 'notices', 'notice');
INSERT INTO public.django_content_type VALUES (32, 'notices', 'inboxentry');
INSERT INTO public.django_content_type VALUES (33, 'notices', 'delivery');
INSERT INTO public.django_content_type VALUES (34, 'discussions', 'watchcursor');
INSERT INTO public.django_content_type VALUES (35, 'discussions', 'writeup');
INSERT INTO public.django_content_type VALUES (36, 'discussions', 'writeupversion');
INSERT INTO public.django_content_type VALUES (37, 'discussions', 'comment');
INSERT INTO public.django_content_type VALUES (38, 'discussions', 'telling');
INSERT INTO public.django_content_type VALUES (39, 'discussions', 'watch');
INSERT INTO public.django_content_type VALUES (40, 'experiments', 'dataset');
INSERT INTO public.django_content_type VALUES (41, 'experiments', 'datasetversion');
INSERT INTO public.django_content_type VALUES (42, 'experiments', 'problem');
INSERT INTO public.django_content_type VALUES (43, 'experiments', 'experiment');
INSERT INTO public.django_content_type VALUES (44, 'experiments', 'run');
INSERT INTO public.django_content_type VALUES (45, 'experiments', 'param');
INSERT INTO public.django_content_type VALUES (46, 'experiments', 'latestmetric');
INSERT INTO public.django_content_type VALUES (47, 'experiments', 'curve');
INSERT INTO public.django_content_type VALUES (48, 'experiments', 'runtag');
INSERT INTO public.django_content_type VALUES (49, 'experiments', 'artifact');
INSERT INTO public.django_content_type VALUES (50, 'experiments', 'inputdataset');
INSERT INTO public.django_content_type VALUES (51, 'experiments', 'loggedmodel');
INSERT INTO public.django_content_type VALUES (52, 'experiments', 'loggedmodelmetric');
INSERT INTO public.django_content_type VALUES (53, 'experiments', 'runinput');
INSERT INTO public.django_content_type VALUES (54, 'experiments', 'runmodel');
INSERT INTO public.django_content_type VALUES (55, 'experiments', 'metricchunk');
INSERT INTO public.django_content_type VALUES (56, 'experiments', 'metricpoint');
INSERT INTO public.django_content_type VALUES (57, 'experiments', 'purgedrun');
INSERT INTO public.django_content_type VALUES (58, 'experiments', 'selectionstudy');
INSERT INTO public.django_content_type VALUES (59, 'experiments', 'recipe');
INSERT INTO public.django_content_type VALUES (60, 'experiments', 'recipeversion');
INSERT INTO public.django_content_type VALUES (61, 'experiments', 'datasetprofile');
INSERT INTO public.django_content_type VALUES (62, 'experiments', 'datacontract');
INSERT INTO public.django_content_type VALUES (63, 'experiments', 'contractcheck');
INSERT INTO public.django_content_type VALUES (64, 'experiments', 'qualityalert');
INSERT INTO public.django_content_type VALUES (65, 'experiments', 'trainingschedule');
INSERT INTO public.django_content_type VALUES (66, 'experiments', 'versioncomparison');
INSERT INTO public.django_content_type VALUES (67, 'experiments', 'datasetpart');
INSERT INTO public.django_content_type VALUES (68, 'experiments', 'datasource');
INSERT INTO public.django_content_type VALUES (69, 'experiments', 'stagedrow');
INSERT INTO public.django_content_type VALUES (70, 'experiments', 'study');
INSERT INTO public.django_content_type VALUES (71, 'experiments', 'studylane');
INSERT INTO public.django_content_type VALUES (72, 'experiments', 'trial');
INSERT INTO public.django_content_type VALUES (73, 'experiments', 'evaluation');
INSERT INTO public.django_content_type VALUES (74, 'experiments', 'testuse');
INSERT INTO public.django_content_type VALUES (75, 'experiments', 'outerfold');
INSERT INTO public.django_content_type VALUES (76, 'experiments', 'autotraining');
INSERT INTO public.django_content_type VALUES (77, 'experiments', 'provenance');
INSERT INTO public.django_content_type VALUES (78, 'experiments', 'trainer');
INSERT INTO public.django_content_type VALUES (79, 'experiments', 'runrule');
INSERT INTO public.django_content_type VALUES (80, 'experiments', 'runtelling');
INSERT INTO public.django_content_type VALUES (81, 'experiments', 'curverollup');
INSERT INTO public.django_content_type VALUES (82, 'experiments', 'runview');
INSERT INTO public.django_content_type VALUES (83, 'models_app', 'registeredmodel');
INSERT INTO public.django_content_type VALUES (84, 'models_app', 'modelversion');
INSERT INTO public.django_content_type VALUES (85, 'models_app', 'alias');
INSERT INTO public.django_content_type VALUES (86, 'models_app', 'modelfile');
INSERT INTO public.django_content_type VALUES (87, 'models_app', 'webhook');
INSERT INTO public.django_content_type VALUES (88, 'models_app', 'webhookdelivery');
INSERT INTO public.django_content_type VALUES (89, 'models_app', 'compilation');
INSERT INTO public.django_content_type VALUES (90, 'models_app', 'modelgate');
INSERT INTO public.django_content_type VALUES (91, 'models_app', 'modeltestrun');
INSERT INTO public.django_content_type VALUES (92, 'models_app', 'modeltestresult');
INSERT INTO public.django_content_type VALUES (93, 'models_app', 'awaitedalias');
INSERT INTO public.django_content_type VALUES (94, 'models_app', 'cardtext');
INSERT INTO public.django_content_type VALUES (95, 'models_app', 'intake');
INSERT INTO public.django_content_type VALUES (96, 'models_app', 'loadverdict');
INSERT INTO public.django_content_type VALUES (97, 'models_app', 'optimisation');
INSERT INTO public.django_content_type VALUES (98, 'models_app', 'optimisedcandidate');
INSERT INTO public.django_content_type VALUES (99, 'models_app', 'promotionrequest');
INSERT INTO public.django_content_type VALUES (100, 'models_app', 'promotionreview');
INSERT INTO public.django_content_type VALUES (101, 'models_app', 'aliasmove');
INSERT INTO public.django_content_type VALUES (102, 'models_app', 'approvalpolicy');
INSERT INTO public.django_content_type VALUES (103, 'serving', 'routingepoch');
INSERT INTO public.django_content_type VALUES (104, 'serving', 'endpoint');
INSERT INTO public.django_content_type VALUES (105, 'serving', 'feedback');
INSERT INTO public.django_content_type VALUES (106, 'serving', 'prediction');
INSERT INTO public.django_content_type VALUES (107, 'serving', 'variant');
INSERT INTO public.django_content_type VALUES (108, 'serving', 'answercount');
INSERT INTO public.django_content_type VALUES (109, 'serving', 'abtest');
INSERT INTO public.django_content_type VALUES (110, 'serving', 'abtestlook');
INSERT INTO public.django_content_type VALUES (111, 'serving', 'abteststep');
INSERT INTO public.django_content_type VALUES (112, 'serving', 'shadow');
INSERT INTO public.django_content_type VALUES (113, 'serving', 'shadowanswer');
INSERT INTO public.django_content_type VALUES (114, 'serving', 'batch');
INSERT INTO public.django_content_type VALUES (115, 'serving', 'logcount');
INSERT INTO public.django_content_type VALUES (116, 'serving', 'servingworker');
INSERT INTO public.django_content_type VALUES (117, 'serving', 'unitfeedback');
INSERT INTO public.django_content_type VALUES (118, 'serving', 'loadtest');
INSERT INTO public.django_content_type VALUES (119, 'serving', 'driftbaseline');
INSERT INTO public.django_content_type VALUES (120, 'serving', 'driftwatch');
INSERT INTO public.django_content_type VALUES (121, 'serving', 'uncountedpredictions');
INSERT INTO public.django_content_type VALUES (122, 'serving', 'driftcheck');
INSERT INTO public.django_content_type VALUES (123, 'serving', 'driftcount');
INSERT INTO public.django_content_type VALUES (124, 'serving', 'alertrule');
INSERT INTO public.django_content_type VALUES (125, 'serving', 'alertevent');
INSERT INTO public.django_content_type VALUES (126, 'serving', 'endpointreading');
INSERT INTO public.django_content_type VALUES (127, 'serving', 'retraining');
INSERT INTO public.django_content_type VALUES (128, 'serving', 'retrainingpolicy');
INSERT INTO public.django_content_type VALUES (129, 'serving', 'retrainingstep');
INSERT INTO public.django_content_type VALUES (130, 'serving', 'improvement');
INSERT INTO public.django_content_type VALUES (131, 'serving', 'reportschedule');
INSERT INTO public.django_content_type VALUES (132, 'serving', 'endpointreport');
INSERT INTO public.django_content_type VALUES (133, 'serving', 'processload');
INSERT INTO public.django_content_type VALUES (134, 'serving', 'endpointmove');
INSERT INTO public.django_migrations VALUES (1, 'contenttypes', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (2, 'contenttypes', '0002_remove_content_type_name', now());
INSERT INTO public.django_migrations VALUES (3, 'auth', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (4, 'auth', '0002_alter_permission_name_max_length', now());
INSERT INTO public.django_migrations VALUES (5, 'auth', '0003_alter_user_email_max_length', now());
INSERT INTO public.django_migrations VALUES (6, 'auth', '0004_alter_user_username_opts', now());
INSERT INTO public.django_migrations VALUES (7, 'auth', '0005_alter_user_last_login_null', now());
INSERT INTO public.django_migrations VALUES (8, 'auth', '0006_require_contenttypes_0002', now());
INSERT INTO public.django_migrations VALUES (9, 'auth', '0007_alter_validators_add_error_messages', now());
INSERT INTO public.django_migrations VALUES (10, 'auth', '0008_alter_user_username_max_length', now());
INSERT INTO public.django_migrations VALUES (11, 'auth', '0009_alter_user_last_name_max_length', now());
INSERT INTO public.django_migrations VALUES (12, 'auth', '0010_alter_group_name_max_length', now());
INSERT INTO public.django_migrations VALUES (13, 'auth', '0011_update_proxy_permissions', now());
INSERT INTO public.django_migrations VALUES (14, 'auth', '0012_alter_user_first_name_max_length', now());
INSERT INTO public.django_migrations VALUES (15, 'accounts', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (16, 'accounts', '0002_idempotency_key', now());
INSERT INTO public.django_migrations VALUES (17, 'accounts', '0003_leaner_audit_trail', now());
INSERT INTO public.django_migrations VALUES (18, 'accounts', '0004_password_reset_requests', now());
INSERT INTO public.django_migrations VALUES (19, 'accounts', '0005_tokens_of_one_run', now());
INSERT INTO public.django_migrations VALUES (20, 'accounts', '0006_account', now());
INSERT INTO public.django_migrations VALUES (21, 'accounts', '0007_kept_deletions', now());
INSERT INTO public.django_migrations VALUES (22, 'admin', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (23, 'admin', '0002_logentry_remove_auto_add', now());
INSERT INTO public.django_migrations VALUES (24, 'admin', '0003_logentry_add_action_flag_choices', now());
INSERT INTO public.django_migrations VALUES (25, 'artifacts', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (26, 'axes', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (27, 'axes', '0002_auto_20151217_2044', now());
INSERT INTO public.django_migrations VALUES (28, 'axes', '0003_auto_20160322_0929', now());
INSERT INTO public.django_migrations VALUES (29, 'axes', '0004_auto_20181024_1538', now());
INSERT INTO public.django_migrations VALUES (30, 'axes', '0005_remove_accessattempt_trusted', now());
INSERT INTO public.django_migrations VALUES (31, 'axes', '0006_remove_accesslog_trusted', now());
INSERT INTO public.django_migrations VALUES (32, 'axes', '0007_alter_accessattempt_unique_together', now());
INSERT INTO public.django_migrations VALUES (33, 'axes', '0008_accessfailurelog', now());
INSERT INTO public.django_migrations VALUES (34, 'axes', '0009_add_session_hash', now());
INSERT INTO public.django_migrations VALUES (35, 'axes', '0010_accessattemptexpiration', now());
INSERT INTO public.django_migrations VALUES (36, 'discussions', '0001_comments_watches_writeups', now());
INSERT INTO public.django_migrations VALUES (37, 'django_tasks_database', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (38, 'django_tasks_database', '0002_alter_dbtaskresult_options', now());
INSERT INTO public.django_migrations VALUES (39, 'django_tasks_database', '0003_dbtaskresult_enqueued_at_dbtaskresult_finished_at', now());
INSERT INTO public.django_migrations VALUES (40, 'django_tasks_database', '0004_dbtaskresult_started_at', now());
INSERT INTO public.django_migrations VALUES (41, 'django_tasks_database', '0005_alter_dbtaskresult_priority_and_more', now());
INSERT INTO public.django_migrations VALUES (42, 'django_tasks_database', '0006_alter_dbtaskresult_args_kwargs_and_more', now());
INSERT INTO public.django_migrations VALUES (43, 'django_tasks_database', '0007_add_separate_results_fields', now());
INSERT INTO public.django_migrations VALUES (44, 'django_tasks_database', '0008_separate_results_field', now());
INSERT INTO public.django_migrations VALUES (45, 'django_tasks_database', '0009_remove_results_field', now());
INSERT INTO public.django_migrations VALUES (46, 'django_tasks_database', '0010_alter_dbtaskresult_status', now());
INSERT INTO public.django_migrations VALUES (47, 'django_tasks_database', '0011_rename_complete_status', now());
INSERT INTO public.django_migrations VALUES (48, 'django_tasks_database', '0012_add_separate_exception_fields', now());
INSERT INTO public.django_migrations VALUES (49, 'django_tasks_database', '0013_separate_exception_fields', now());
INSERT INTO public.django_migrations VALUES (50, 'django_tasks_database', '0014_remove_dbtaskresult_exception_data', now());
INSERT INTO public.django_migrations VALUES (51, 'django_tasks_database', '0015_correctly_order_run_after', now());
INSERT INTO public.django_migrations VALUES (52, 'django_tasks_database', '0016_remove_dbtaskresult_django_task_new_ordering_idx_and_more', now());
INSERT INTO public.django_migrations VALUES (53, 'django_tasks_database', '0017_dbtaskresult_metadata', now());
INSERT INTO public.django_migrations VALUES (54, 'django_tasks_database', '0018_rename_succeeded_status', now());
INSERT INTO public.django_migrations VALUES (55, 'django_tasks_database', '0019_rename_django_task_new_ordering_idx_tasks_db_new_ordering_idx_and_more', now());
INSERT INTO public.django_migrations VALUES (56, 'django_tasks_database', '0020_update_db_task_result_ordering', now());
INSERT INTO public.django_migrations VALUES (57, 'django_tasks_database', '0021_conditional_partial_index_ordering', now());
INSERT INTO public.django_migrations VALUES (58, 'notices', '0001_channels_notices_deliveries', now());
INSERT INTO public.django_migrations VALUES (59, 'jobs', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (60, 'jobs', '0002_fair_queue', now());
INSERT INTO public.django_migrations VALUES (61, 'jobs', '0003_resources_and_budgets', now());
INSERT INTO public.django_migrations VALUES (62, 'jobs', '0004_pause', now());
INSERT INTO public.django_migrations VALUES (63, 'jobs', '0005_budgets_granted', now());
INSERT INTO public.django_migrations VALUES (64, 'jobs', '0006_heads_of_lines', now());
INSERT INTO public.django_migrations VALUES (65, 'experiments', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (66, 'experiments', '0002_reading_notes_and_live_runs', now());
INSERT INTO public.django_migrations VALUES (67, 'experiments', '0003_the_mlflow_nouns', now());
INSERT INTO public.django_migrations VALUES (68, 'experiments', '0004_log_in_one_call', now());
INSERT INTO public.django_migrations VALUES (69, 'experiments', '0005_time_outs_and_purged_runs', now());
INSERT INTO public.django_migrations VALUES (70, 'experiments', '0006_count_every_change', now());
INSERT INTO public.django_migrations VALUES (71, 'experiments', '0007_source_runs_elsewhere', now());
INSERT INTO public.django_migrations VALUES (72, 'experiments', '0008_quicker_runs', now());
INSERT INTO public.django_migrations VALUES (73, 'experiments', '0009_points_of_a_chunk', now());
INSERT INTO public.django_migrations VALUES (74, 'experiments', '0010_create_run_in_one_call', now());
INSERT INTO public.django_migrations VALUES (75, 'experiments', '0011_ends_and_names_as_given', now());
INSERT INTO public.django_migrations VALUES (76, 'experiments', '0012_selection_studies', now());
INSERT INTO public.django_migrations VALUES (77, 'experiments', '0013_saved_recipes', now());
INSERT INTO public.django_migrations VALUES (78, 'experiments', '0014_dataset_profiles', now());
INSERT INTO public.django_migrations VALUES (79, 'experiments', '0015_contracts_and_quality', now());
INSERT INTO public.django_migrations VALUES (80, 'experiments', '0016_versions_of_parts', now());
INSERT INTO public.django_migrations VALUES (81, 'experiments', '0017_sources', now());
INSERT INTO public.django_migrations VALUES (82, 'experiments', '0018_studies_and_trials', now());
INSERT INTO public.django_migrations VALUES (83, 'experiments', '0019_rows_held_once', now());
INSERT INTO public.django_migrations VALUES (84, 'experiments', '0020_evaluations', now());
INSERT INTO public.django_migrations VALUES (85, 'experiments', '0021_outer_folds', now());
INSERT INTO public.django_migrations VALUES (86, 'experiments', '0022_just_train_it', now());
INSERT INTO public.django_migrations VALUES (87, 'experiments', '0023_provenance', now());
INSERT INTO public.django_migrations VALUES (88, 'experiments', '0024_trainers', now());
INSERT INTO public.django_migrations VALUES (89, 'experiments', '0025_run_rules', now());
INSERT INTO public.django_migrations VALUES (90, 'experiments', '0026_words_of_run_names', now());
INSERT INTO public.django_migrations VALUES (91, 'experiments', '0027_run', now());
INSERT INTO public.django_migrations VALUES (92, 'experiments', '0028_runs', now());
INSERT INTO public.django_migrations VALUES (93, 'experiments', '0029_duration_of_runs', now());
INSERT INTO public.django_migrations VALUES (94, 'experiments', '0030_params_by_run', now());
INSERT INTO public.django_migrations VALUES (95, 'jobs', '0007_worker_processes', now());
INSERT INTO public.django_migrations VALUES (96, 'models_app', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (97, 'models_app', '0002_files_trained_here', now());
INSERT INTO public.django_migrations VALUES (98, 'models_app', '0003_mlflow_versions', now());
INSERT INTO public.django_migrations VALUES (99, 'models_app', '0004_webhooks', now());
INSERT INTO public.django_migrations VALUES (100, 'models_app', '0005_compilations', now());
INSERT INTO public.django_migrations VALUES (101, 'models_app', '0006_model_tests', now());
INSERT INTO public.django_migrations VALUES (102, 'models_app', '0007_intakes_and_cards', now());
INSERT INTO public.django_migrations VALUES (103, 'models_app', '0008_load_verdicts', now());
INSERT INTO public.django_migrations VALUES (104, 'models_app', '0009_optimisations', now());
INSERT INTO public.django_migrations VALUES (105, 'models_app', '0010_approvals_and_alias_moves', now());
INSERT INTO public.django_migrations VALUES (106, 'models_app', '0011_webhook_delivery_log', now());
INSERT INTO public.django_migrations VALUES (107, 'models_app', '0012_states_of_webhook_deliveries', now());
INSERT INTO public.django_migrations VALUES (108, 'serving', '0001_initial', now());
INSERT INTO public.django_migrations VALUES (109, 'serving', '0002_split_layout_client_ids_and_counts', now());
INSERT INTO public.django_migrations VALUES (110, 'serving', '0003_ab_tests', now());
INSERT INTO public.django_migrations VALUES (111, 'serving', '0004_shadows', now());
INSERT INTO public.django_migrations VALUES (112, 'serving', '0005_prediction_path', now());
INSERT INTO public.django_migrations VALUES (113, 'serving', '0006_partitioned_predictions', now());
INSERT INTO public.django_migrations VALUES (114, 'serving', '0007_load_tests', now());
INSERT INTO public.django_migrations VALUES (115, 'serving', '0008_drift', now());
INSERT INTO public.django_migrations VALUES (116, 'serving', '0009_alerts', now());
INSERT INTO public.django_migrations VALUES (117, 'serving', '0010_retraining', now());
INSERT INTO public.django_migrations VALUES (118, 'serving', '0011_improvements', now());
INSERT INTO public.django_migrations VALUES (119, 'serving', '0012_reports', now());
INSERT INTO public.django_migrations VALUES (120, 'serving', '0013_watching', now());
INSERT INTO public.django_migrations VALUES (121, 'serving', '0014_feedback_by_time', now());
INSERT INTO public.django_migrations VALUES (122, 'serving', '0015_endpoint_moves', now());
INSERT INTO public.django_migrations VALUES (123, 'sessions', '0001_initial', now());
SELECT pg_catalog.setval('public.accounts_apitoken_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_auditevent_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_idempotencykey_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_invitation_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_membership_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_passwordresetrequest_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_team_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_user_groups_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_user_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_user_user_permissions_id_seq', 1, false);
SELECT pg_catalog.setval('public.accounts_usersession_id_seq', 1, false);
SELECT pg_catalog.setval('public.artifacts_storedfile_id_seq', 1, false);
SELECT pg_catalog.setval('public.auth_group_id_seq', 1, false);
SELECT pg_catalog.setval('public.auth_group_permissions_id_seq', 1, false);
SELECT pg_catalog.setval('public.auth_permission_id_seq', 536, true);
SELECT pg_catalog.setval('public.axes_accessattempt_id_seq', 1, false);
SELECT pg_catalog.setval('public.axes_accessfailurelog_id_seq', 1, false);
SELECT pg_catalog.setval('public.axes_accesslog_id_seq', 1, false);
SELECT pg_catalog.setval('public.discussions_comment_id_seq', 1, false);
SELECT pg_catalog.setval('public.discussions_telling_id_seq', 1, false);
SELECT pg_catalog.setval('public.discussions_watch_id_seq', 1, false);
SELECT pg_catalog.setval('public.discussions_watchcursor_id_seq', 1, false);
SELECT pg_catalog.setval('public.discussions_writeup_id_seq', 1, false);
SELECT pg_catalog.setval('public.discussions_writeupversion_id_seq', 1, false);
SELECT pg_catalog.setval('public.django_admin_log_id_seq', 1, false);
SELECT pg_catalog.setval('public.django_content_type_id_seq', 134, true);
SELECT pg_catalog.setval('public.django_migrations_id_seq', 123, true);
SELECT pg_catalog.setval('public.experiments_contractcheck_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_curve_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_datacontract_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_dataset_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_datasetpart_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_datasetprofile_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_datasetversion_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_datasource_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_experiment_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_inputdataset_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_loggedmodelmetric_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_outerfold_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_problem_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_qualityalert_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_recipe_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_recipeversion_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runartifact_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runinput_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runmodel_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runrule_channels_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runrule_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runtelling_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_runview_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_selectionstudy_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_stagedrow_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_study_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_studylane_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_testuse_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_trainer_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_trainingschedule_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_trial_id_seq', 1, false);
SELECT pg_catalog.setval('public.experiments_versioncomparison_id_seq', 1, false);
SELECT pg_catalog.setval('public.jobs_joblog_id_seq', 1, false);
SELECT pg_catalog.setval('public.jobs_schedule_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_alias_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_aliasmove_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_approvalpolicy_channels_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_approvalpolicy_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_approvalpolicy_reviewers_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_awaitedalias_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_cardtext_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_compilation_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_intake_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_loadverdict_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_modelfile_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_modelgate_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_modeltestresult_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_modeltestrun_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_modelversion_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_optimisation_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_optimisedcandidate_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_promotionrequest_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_promotionreview_id_seq', 1, false);
SELECT pg_catalog.setval('public.models_app_registeredmodel_id_seq', 1, false);
SELECT pg_catalog.setval('public.notices_channel_id_seq', 1, false);
SELECT pg_catalog.setval('public.notices_delivery_id_seq', 1, false);
SELECT pg_catalog.setval('public.notices_inboxentry_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_abtest_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_abtestlook_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_abteststep_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_alertevent_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_alertrule_channels_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_alertrule_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_batch_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_driftbaseline_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_driftcheck_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_driftcount_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_driftwatch_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_endpoint_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_endpointmove_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_endpointreading_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_endpointreport_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_feedback_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_improvement_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_loadtest_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_logcount_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_prediction_number', 1, false);
SELECT pg_catalog.setval('public.serving_processload_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_reportschedule_channels_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_reportschedule_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_retraining_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_retrainingpolicy_channels_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_retrainingpolicy_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_retrainingstep_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_routingepoch_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_servingworker_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_shadow_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_shadowanswer_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_uncountedpredictions_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_unitfeedback_id_seq', 1, false);
SELECT pg_catalog.setval('public.serving_variant_id_seq', 1, false);
ALTER TABLE ONLY public.serving_abteststep
    ADD CONSTRAINT ab_test_step_once UNIQUE (test_id, number);
ALTER TABLE ONLY public.accounts_apitoken
    ADD CONSTRAINT accounts_apitoken_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.accounts_apitoken
    ADD CONSTRAINT accounts_apitoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_auditevent
    ADD CONSTRAINT accounts_auditevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_idempotencykey
    ADD CONSTRAINT accounts_idempotencykey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_invitation
    ADD CONSTRAINT accounts_invitation_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.accounts_invitation
    ADD CONSTRAINT accounts_invitation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_keptdeletion
    ADD CONSTRAINT accounts_keptdeletion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_membership
    ADD CONSTRAINT accounts_membership_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_passwordresetrequest
    ADD CONSTRAINT accounts_passwordresetrequest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_providergrant
    ADD CONSTRAINT accounts_providergrant_pkey PRIMARY KEY (membership_id);
ALTER TABLE ONLY public.accounts_team
    ADD CONSTRAINT accounts_team_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_team
    ADD CONSTRAINT accounts_team_slug_key UNIQUE (slug);
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_user_id_group_id_59c0b32f_uniq UNIQUE (user_id, group_id);
ALTER TABLE ONLY public.accounts_user
    ADD CONSTRAINT accounts_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_permi_user_id_permission_id_2ab516c2_uniq UNIQUE (user_id, permission_id);
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_user
    ADD CONSTRAINT accounts_user_username_key UNIQUE (username);
ALTER TABLE ONLY public.accounts_usersession
    ADD CONSTRAINT accounts_usersession_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.accounts_usersession
    ADD CONSTRAINT accounts_usersession_session_key_key UNIQUE (session_key);
ALTER TABLE ONLY public.serving_alertrule
    ADD CONSTRAINT alert_rule_name_once_per_endpoint UNIQUE (endpoint_id, name);
ALTER TABLE ONLY public.models_app_alias
    ADD CONSTRAINT alias_once_per_model UNIQUE (model_id, name);
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT artifact_path_once_per_model UNIQUE (logged_model_id, path);
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT artifact_path_once_per_run UNIQUE (run_id, path);
ALTER TABLE ONLY public.artifacts_storedfile
    ADD CONSTRAINT artifacts_storedfile_key_key UNIQUE (key);
ALTER TABLE ONLY public.artifacts_storedfile
    ADD CONSTRAINT artifacts_storedfile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_awaitedalias
    ADD CONSTRAINT awaited_alias_once_per_model UNIQUE (model_id, name);
ALTER TABLE ONLY public.axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_username_ip_address_user_agent_8ea22282_uniq UNIQUE (username, ip_address, user_agent);
ALTER TABLE ONLY public.axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptexpiration_pkey PRIMARY KEY (access_attempt_id);
ALTER TABLE ONLY public.axes_accessfailurelog
    ADD CONSTRAINT axes_accessfailurelog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accesslog
    ADD CONSTRAINT axes_accesslog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notices_channel
    ADD CONSTRAINT channel_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_contractcheck
    ADD CONSTRAINT contract_check_once UNIQUE (version_id, contract_id);
ALTER TABLE ONLY public.experiments_curve
    ADD CONSTRAINT curve_once_per_run UNIQUE (run_id, name);
ALTER TABLE ONLY public.experiments_datacontract
    ADD CONSTRAINT data_contract_number_once UNIQUE (dataset_id, number);
ALTER TABLE ONLY public.experiments_datasetversion
    ADD CONSTRAINT dataset_content_once UNIQUE (dataset_id, digest);
ALTER TABLE ONLY public.experiments_dataset
    ADD CONSTRAINT dataset_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_datasetpart
    ADD CONSTRAINT dataset_part_place_once UNIQUE (version_id, place);
ALTER TABLE ONLY public.experiments_datasetprofile
    ADD CONSTRAINT dataset_profile_once UNIQUE (version_id, target, depth);
ALTER TABLE ONLY public.experiments_datasetversion
    ADD CONSTRAINT dataset_version_number_once UNIQUE (dataset_id, number);
ALTER TABLE ONLY public.discussions_comment
    ADD CONSTRAINT discussions_comment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.discussions_telling
    ADD CONSTRAINT discussions_telling_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.discussions_telling
    ADD CONSTRAINT discussions_telling_user_id_key UNIQUE (user_id);
ALTER TABLE ONLY public.discussions_watch
    ADD CONSTRAINT discussions_watch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.discussions_watchcursor
    ADD CONSTRAINT discussions_watchcursor_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.discussions_writeup
    ADD CONSTRAINT discussions_writeup_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.discussions_writeupversion
    ADD CONSTRAINT discussions_writeupversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
ALTER TABLE ONLY public.django_tasks_database_dbtaskresult
    ADD CONSTRAINT django_tasks_database_dbtaskresult_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_driftcount
    ADD CONSTRAINT drift_count_once UNIQUE (endpoint_id, version_id, span, at, variant);
ALTER TABLE ONLY public.serving_endpoint
    ADD CONSTRAINT endpoint_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_experiment
    ADD CONSTRAINT experiment_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_autotraining
    ADD CONSTRAINT experiments_autotraining_pkey PRIMARY KEY (study_id);
ALTER TABLE ONLY public.experiments_contractcheck
    ADD CONSTRAINT experiments_contractcheck_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_curve
    ADD CONSTRAINT experiments_curve_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_curverollup
    ADD CONSTRAINT experiments_curverollup_pkey PRIMARY KEY (run_id, key);
ALTER TABLE ONLY public.experiments_datacontract
    ADD CONSTRAINT experiments_datacontract_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_dataset
    ADD CONSTRAINT experiments_dataset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_datasetpart
    ADD CONSTRAINT experiments_datasetpart_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_datasetprofile
    ADD CONSTRAINT experiments_datasetprofile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_datasetversion
    ADD CONSTRAINT experiments_datasetversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_datasource
    ADD CONSTRAINT experiments_datasource_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_evaluation
    ADD CONSTRAINT experiments_evaluation_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY public.experiments_experiment
    ADD CONSTRAINT experiments_experiment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_inputdataset
    ADD CONSTRAINT experiments_inputdataset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_latestmetric
    ADD CONSTRAINT experiments_latestmetric_pkey PRIMARY KEY (run_id, key);
ALTER TABLE ONLY public.experiments_loggedmodel
    ADD CONSTRAINT experiments_loggedmodel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_loggedmodelmetric
    ADD CONSTRAINT experiments_loggedmodelmetric_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_metricchunk
    ADD CONSTRAINT experiments_metricchunk_pkey PRIMARY KEY (run_id, key, change);
ALTER TABLE ONLY public.experiments_outerfold
    ADD CONSTRAINT experiments_outerfold_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_param
    ADD CONSTRAINT experiments_param_pkey PRIMARY KEY (run_id, key);
ALTER TABLE ONLY public.experiments_problem
    ADD CONSTRAINT experiments_problem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_provenance
    ADD CONSTRAINT experiments_provenance_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY public.experiments_purgedrun
    ADD CONSTRAINT experiments_purgedrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_qualityalert
    ADD CONSTRAINT experiments_qualityalert_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_recipe
    ADD CONSTRAINT experiments_recipe_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_recipeversion
    ADD CONSTRAINT experiments_recipeversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT experiments_runartifact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_runinput
    ADD CONSTRAINT experiments_runinput_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_runmodel
    ADD CONSTRAINT experiments_runmodel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_runrule_channels
    ADD CONSTRAINT experiments_runrule_chan_runrule_id_channel_id_aae282e3_uniq UNIQUE (runrule_id, channel_id);
ALTER TABLE ONLY public.experiments_runrule_channels
    ADD CONSTRAINT experiments_runrule_channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_runrule
    ADD CONSTRAINT experiments_runrule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_runtag
    ADD CONSTRAINT experiments_runtag_pkey PRIMARY KEY (run_id, key);
ALTER TABLE ONLY public.experiments_runtelling
    ADD CONSTRAINT experiments_runtelling_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_runview
    ADD CONSTRAINT experiments_runview_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_selectionstudy
    ADD CONSTRAINT experiments_selectionstudy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_stagedrow
    ADD CONSTRAINT experiments_stagedrow_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_studylane
    ADD CONSTRAINT experiments_studylane_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_testuse
    ADD CONSTRAINT experiments_testuse_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_trainer
    ADD CONSTRAINT experiments_trainer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_trainingschedule
    ADD CONSTRAINT experiments_trainingschedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_trial
    ADD CONSTRAINT experiments_trial_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_versioncomparison
    ADD CONSTRAINT experiments_versioncomparison_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.experiments_versioncomparison
    ADD CONSTRAINT experiments_versioncomparison_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.serving_feedback
    ADD CONSTRAINT feedback_once UNIQUE (endpoint_id, request_id, "row");
ALTER TABLE ONLY public.accounts_idempotencykey
    ADD CONSTRAINT idempotency_key_once_per_user UNIQUE (team_id, user_id, key);
ALTER TABLE ONLY public.notices_inboxentry
    ADD CONSTRAINT inbox_entry_once UNIQUE (notice_id, user_id);
ALTER TABLE ONLY public.experiments_inputdataset
    ADD CONSTRAINT input_dataset_once_per_experiment UNIQUE (experiment_id, name, digest);
ALTER TABLE ONLY public.jobs_budget
    ADD CONSTRAINT jobs_budget_pkey PRIMARY KEY (team_id);
ALTER TABLE ONLY public.jobs_job
    ADD CONSTRAINT jobs_job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.jobs_joblog
    ADD CONSTRAINT jobs_joblog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.jobs_jobsamples
    ADD CONSTRAINT jobs_jobsamples_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY public.jobs_joblog
    ADD CONSTRAINT jobs_log_sequence UNIQUE (job_id, sequence);
ALTER TABLE ONLY public.jobs_schedule
    ADD CONSTRAINT jobs_schedule_name_key UNIQUE (name);
ALTER TABLE ONLY public.jobs_schedule
    ADD CONSTRAINT jobs_schedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.jobs_teamload
    ADD CONSTRAINT jobs_teamload_pkey PRIMARY KEY (team_id);
ALTER TABLE ONLY public.jobs_workerprocess
    ADD CONSTRAINT jobs_workerprocess_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.serving_logcount
    ADD CONSTRAINT log_count_once UNIQUE (endpoint_id, source);
ALTER TABLE ONLY public.experiments_loggedmodelmetric
    ADD CONSTRAINT logged_model_metric_once UNIQUE (logged_model_id, key, dataset_name, dataset_digest, "timestamp", step, value, is_nan, run_id);
ALTER TABLE ONLY public.accounts_membership
    ADD CONSTRAINT membership_once_per_team UNIQUE (team_id, user_id);
ALTER TABLE ONLY public.models_app_modelfile
    ADD CONSTRAINT model_file_once_per_format UNIQUE (version_id, format);
ALTER TABLE ONLY public.models_app_modeltestresult
    ADD CONSTRAINT model_test_result_once UNIQUE (run_id, place);
ALTER TABLE ONLY public.models_app_modelversion
    ADD CONSTRAINT model_version_number_once UNIQUE (model_id, number);
ALTER TABLE ONLY public.models_app_alias
    ADD CONSTRAINT models_app_alias_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_aliasmove
    ADD CONSTRAINT models_app_aliasmove_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_approvalpolicy_channels
    ADD CONSTRAINT models_app_approvalpolic_approvalpolicy_id_channe_17ae4d57_uniq UNIQUE (approvalpolicy_id, channel_id);
ALTER TABLE ONLY public.models_app_approvalpolicy_reviewers
    ADD CONSTRAINT models_app_approvalpolic_approvalpolicy_id_user_i_69c08230_uniq UNIQUE (approvalpolicy_id, user_id);
ALTER TABLE ONLY public.models_app_approvalpolicy_channels
    ADD CONSTRAINT models_app_approvalpolicy_channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_approvalpolicy
    ADD CONSTRAINT models_app_approvalpolicy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_approvalpolicy_reviewers
    ADD CONSTRAINT models_app_approvalpolicy_reviewers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_awaitedalias
    ADD CONSTRAINT models_app_awaitedalias_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_cardtext
    ADD CONSTRAINT models_app_cardtext_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_cardtext
    ADD CONSTRAINT models_app_cardtext_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.models_app_compilation
    ADD CONSTRAINT models_app_compilation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_compilation
    ADD CONSTRAINT models_app_compilation_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.models_app_loadverdict
    ADD CONSTRAINT models_app_loadverdict_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_loadverdict
    ADD CONSTRAINT models_app_loadverdict_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.models_app_modelfile
    ADD CONSTRAINT models_app_modelfile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_modelgate
    ADD CONSTRAINT models_app_modelgate_model_id_key UNIQUE (model_id);
ALTER TABLE ONLY public.models_app_modelgate
    ADD CONSTRAINT models_app_modelgate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_modeltestresult
    ADD CONSTRAINT models_app_modeltestresult_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_modeltestrun
    ADD CONSTRAINT models_app_modeltestrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_modelversion
    ADD CONSTRAINT models_app_modelversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_optimisation
    ADD CONSTRAINT models_app_optimisation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_optimisedcandidate
    ADD CONSTRAINT models_app_optimisedcandidate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_optimisedcandidate
    ADD CONSTRAINT models_app_optimisedcandidate_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.models_app_promotionrequest
    ADD CONSTRAINT models_app_promotionrequest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_promotionreview
    ADD CONSTRAINT models_app_promotionreview_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_registeredmodel
    ADD CONSTRAINT models_app_registeredmodel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_webhook
    ADD CONSTRAINT models_app_webhook_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_webhookdelivery
    ADD CONSTRAINT models_app_webhookdelivery_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notices_notice
    ADD CONSTRAINT notice_once UNIQUE (team_id, key);
ALTER TABLE ONLY public.notices_channel
    ADD CONSTRAINT notices_channel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notices_delivery
    ADD CONSTRAINT notices_delivery_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notices_inboxentry
    ADD CONSTRAINT notices_inboxentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notices_notice
    ADD CONSTRAINT notices_notice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.models_app_optimisedcandidate
    ADD CONSTRAINT optimised_candidate_once UNIQUE (optimisation_id, place);
ALTER TABLE ONLY public.experiments_outerfold
    ADD CONSTRAINT outer_fold_once_per_study UNIQUE (study_id, number);
ALTER TABLE ONLY public.serving_prediction
    ADD CONSTRAINT prediction_once UNIQUE (request_id, "row");
ALTER TABLE ONLY public.experiments_problem
    ADD CONSTRAINT problem_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.serving_processload
    ADD CONSTRAINT process_load_once UNIQUE (at, name);
ALTER TABLE ONLY public.experiments_recipe
    ADD CONSTRAINT recipe_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_recipeversion
    ADD CONSTRAINT recipe_version_number_once UNIQUE (recipe_id, number);
ALTER TABLE ONLY public.models_app_registeredmodel
    ADD CONSTRAINT registered_model_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.serving_retrainingstep
    ADD CONSTRAINT retraining_step_once UNIQUE (retraining_id, name);
ALTER TABLE ONLY public.experiments_runinput
    ADD CONSTRAINT run_input_once UNIQUE (run_id, dataset_id);
ALTER TABLE ONLY public.experiments_runmodel
    ADD CONSTRAINT run_model_link_once UNIQUE (run_id, role, logged_model_id, step);
ALTER TABLE ONLY public.experiments_runrule
    ADD CONSTRAINT run_rule_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_runtelling
    ADD CONSTRAINT run_telling_once UNIQUE (rule_id, run_id);
ALTER TABLE ONLY public.serving_abtest
    ADD CONSTRAINT serving_abtest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_abtestlook
    ADD CONSTRAINT serving_abtestlook_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_abteststep
    ADD CONSTRAINT serving_abteststep_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_alertevent
    ADD CONSTRAINT serving_alertevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_alertrule_channels
    ADD CONSTRAINT serving_alertrule_channe_alertrule_id_channel_id_c6d0e1e9_uniq UNIQUE (alertrule_id, channel_id);
ALTER TABLE ONLY public.serving_alertrule_channels
    ADD CONSTRAINT serving_alertrule_channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_alertrule
    ADD CONSTRAINT serving_alertrule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_answercount
    ADD CONSTRAINT serving_answercount_pkey PRIMARY KEY (endpoint_id, variant, version_id, status, hour);
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_driftbaseline
    ADD CONSTRAINT serving_driftbaseline_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_driftbaseline
    ADD CONSTRAINT serving_driftbaseline_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.serving_driftcheck
    ADD CONSTRAINT serving_driftcheck_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_driftcount
    ADD CONSTRAINT serving_driftcount_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_driftwatch
    ADD CONSTRAINT serving_driftwatch_endpoint_id_key UNIQUE (endpoint_id);
ALTER TABLE ONLY public.serving_driftwatch
    ADD CONSTRAINT serving_driftwatch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_endpoint
    ADD CONSTRAINT serving_endpoint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_endpointmove
    ADD CONSTRAINT serving_endpointmove_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_endpointreading
    ADD CONSTRAINT serving_endpointreading_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_endpointreport
    ADD CONSTRAINT serving_endpointreport_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_feedback
    ADD CONSTRAINT serving_feedback_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_loadtest
    ADD CONSTRAINT serving_loadtest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_logcount
    ADD CONSTRAINT serving_logcount_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_prediction_rest
    ADD CONSTRAINT serving_prediction_rest_request_id_row_key UNIQUE (request_id, "row");
ALTER TABLE ONLY public.serving_processload
    ADD CONSTRAINT serving_processload_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_reportschedule_channels
    ADD CONSTRAINT serving_reportschedule_c_reportschedule_id_channe_b07e3a4e_uniq UNIQUE (reportschedule_id, channel_id);
ALTER TABLE ONLY public.serving_reportschedule_channels
    ADD CONSTRAINT serving_reportschedule_channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_reportschedule
    ADD CONSTRAINT serving_reportschedule_endpoint_id_key UNIQUE (endpoint_id);
ALTER TABLE ONLY public.serving_reportschedule
    ADD CONSTRAINT serving_reportschedule_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_retrainingpolicy_channels
    ADD CONSTRAINT serving_retrainingpolicy_channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_retrainingpolicy
    ADD CONSTRAINT serving_retrainingpolicy_endpoint_id_key UNIQUE (endpoint_id);
ALTER TABLE ONLY public.serving_retrainingpolicy
    ADD CONSTRAINT serving_retrainingpolicy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_retrainingpolicy_channels
    ADD CONSTRAINT serving_retrainingpolicy_retrainingpolicy_id_chan_610304c0_uniq UNIQUE (retrainingpolicy_id, channel_id);
ALTER TABLE ONLY public.serving_retrainingstep
    ADD CONSTRAINT serving_retrainingstep_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_routingepoch
    ADD CONSTRAINT serving_routingepoch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_servingworker
    ADD CONSTRAINT serving_servingworker_name_key UNIQUE (name);
ALTER TABLE ONLY public.serving_servingworker
    ADD CONSTRAINT serving_servingworker_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_shadow
    ADD CONSTRAINT serving_shadow_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_shadowanswer
    ADD CONSTRAINT serving_shadowanswer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_uncountedpredictions
    ADD CONSTRAINT serving_uncountedpredictions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_unitfeedback
    ADD CONSTRAINT serving_unitfeedback_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_variant
    ADD CONSTRAINT serving_variant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.serving_shadowanswer
    ADD CONSTRAINT shadow_answer_once UNIQUE (shadow_id, request_id, "row");
ALTER TABLE ONLY public.serving_shadow
    ADD CONSTRAINT shadow_name_once_per_endpoint UNIQUE (endpoint_id, name);
ALTER TABLE ONLY public.experiments_datasource
    ADD CONSTRAINT source_name_once_per_dataset UNIQUE (dataset_id, name);
ALTER TABLE ONLY public.experiments_stagedrow
    ADD CONSTRAINT staged_row_once UNIQUE (dataset_id, key);
ALTER TABLE ONLY public.experiments_testuse
    ADD CONSTRAINT test_use_once_per_run UNIQUE (run_id, test_digest);
ALTER TABLE ONLY public.experiments_trainer
    ADD CONSTRAINT trainer_name_once_per_team UNIQUE (team_id, name);
ALTER TABLE ONLY public.experiments_trial
    ADD CONSTRAINT trial_number_once_per_study UNIQUE (study_id, number);
ALTER TABLE ONLY public.serving_unitfeedback
    ADD CONSTRAINT unit_feedback_once UNIQUE (endpoint_id, unit, until);
ALTER TABLE ONLY public.serving_variant
    ADD CONSTRAINT variant_name_once_per_endpoint UNIQUE (endpoint_id, name);
ALTER TABLE ONLY public.discussions_watch
    ADD CONSTRAINT watch_once UNIQUE (team_id, kind, key, user_id);
ALTER TABLE ONLY public.discussions_writeupversion
    ADD CONSTRAINT writeup_version_once UNIQUE (writeup_id, number);
CREATE INDEX ab_test_due ON public.serving_abtest USING btree (look_at) WHERE ((state)::text = 'running'::text);
CREATE INDEX ab_test_looks ON public.serving_abtestlook USING btree (test_id, at);
CREATE INDEX accounts_apitoken_prefix_8b81ac32 ON public.accounts_apitoken USING btree (prefix);
CREATE INDEX accounts_apitoken_prefix_8b81ac32_like ON public.accounts_apitoken USING btree (prefix varchar_pattern_ops);
CREATE INDEX accounts_apitoken_team_id_8d939cd1 ON public.accounts_apitoken USING btree (team_id);
CREATE INDEX accounts_apitoken_user_id_bbee13e0 ON public.accounts_apitoken USING btree (user_id);
CREATE INDEX accounts_idempotencykey_created_at_934768f7 ON public.accounts_idempotencykey USING btree (created_at);
CREATE INDEX accounts_idempotencykey_team_id_c9ddd210 ON public.accounts_idempotencykey USING btree (team_id);
CREATE INDEX accounts_idempotencykey_user_id_ad587486 ON public.accounts_idempotencykey USING btree (user_id);
CREATE INDEX accounts_invitation_invited_by_id_94a21efc ON public.accounts_invitation USING btree (invited_by_id);
CREATE INDEX accounts_invitation_team_id_a42a47a0 ON public.accounts_invitation USING btree (team_id);
CREATE INDEX accounts_keptdeletion_at_de6de568 ON public.accounts_keptdeletion USING btree (at);
CREATE INDEX accounts_keptdeletion_team_id_78166ceb ON public.accounts_keptdeletion USING btree (team_id);
CREATE INDEX accounts_keptdeletion_user_id_4b160778 ON public.accounts_keptdeletion USING btree (user_id);
CREATE INDEX accounts_membership_team_id_c9c6c909 ON public.accounts_membership USING btree (team_id);
CREATE INDEX accounts_membership_user_id_487fb39e ON public.accounts_membership USING btree (user_id);
CREATE INDEX accounts_passwordresetrequest_at_9334c6f9 ON public.accounts_passwordresetrequest USING btree (at);
CREATE INDEX accounts_team_slug_7567da3b_like ON public.accounts_team USING btree (slug varchar_pattern_ops);
CREATE INDEX accounts_user_default_team_id_e2a231c6 ON public.accounts_user USING btree (default_team_id);
CREATE INDEX accounts_user_groups_group_id_bd11a704 ON public.accounts_user_groups USING btree (group_id);
CREATE INDEX accounts_user_groups_user_id_52b62117 ON public.accounts_user_groups USING btree (user_id);
CREATE INDEX accounts_user_user_permissions_permission_id_113bb443 ON public.accounts_user_user_permissions USING btree (permission_id);
CREATE INDEX accounts_user_user_permissions_user_id_e4f0a161 ON public.accounts_user_user_permissions USING btree (user_id);
CREATE INDEX accounts_user_username_6088629e_like ON public.accounts_user USING btree (username varchar_pattern_ops);
CREATE INDEX accounts_usersession_session_key_7ce13c12_like ON public.accounts_usersession USING btree (session_key varchar_pattern_ops);
CREATE INDEX accounts_usersession_user_id_567c9519 ON public.accounts_usersession USING btree (user_id);
CREATE INDEX alert_event_newest ON public.serving_alertevent USING btree (rule_id, at DESC, id DESC);
CREATE INDEX alias_move_by_time ON public.models_app_aliasmove USING btree (team_id, at DESC);
CREATE INDEX alias_move_newest ON public.models_app_aliasmove USING btree (team_id, model_id_then, alias, at DESC, id DESC);
CREATE UNIQUE INDEX approval_policy_once ON public.models_app_approvalpolicy USING btree (model_id, lower((alias)::text));
CREATE UNIQUE INDEX artifact_path_once_per_team ON public.experiments_artifact USING btree (team_id, path) WHERE ((logged_model_id IS NULL) AND (run_id IS NULL));
CREATE INDEX artifacts_storedfile_key_bfd1247a_like ON public.artifacts_storedfile USING btree (key varchar_pattern_ops);
CREATE INDEX artifacts_storedfile_team_id_ff749a81 ON public.artifacts_storedfile USING btree (team_id);
CREATE INDEX audit_by_action ON public.accounts_auditevent USING btree (team_id, action varchar_pattern_ops, at);
CREATE INDEX audit_by_address ON public.accounts_auditevent USING btree (team_id, address, at DESC) WHERE (address IS NOT NULL);
CREATE INDEX audit_by_name ON public.accounts_auditevent USING btree (team_id, upper((target_name)::text) text_pattern_ops);
CREATE INDEX audit_by_target ON public.accounts_auditevent USING btree (target_type, target_id);
CREATE INDEX audit_by_team ON public.accounts_auditevent USING btree (team_id, at DESC);
CREATE INDEX audit_by_user ON public.accounts_auditevent USING btree (team_id, user_id, at DESC);
CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);
CREATE INDEX axes_accessattempt_ip_address_10922d9c ON public.axes_accessattempt USING btree (ip_address);
CREATE INDEX axes_accessattempt_user_agent_ad89678b ON public.axes_accessattempt USING btree (user_agent);
CREATE INDEX axes_accessattempt_user_agent_ad89678b_like ON public.axes_accessattempt USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessattempt_username_3f2d4ca0 ON public.axes_accessattempt USING btree (username);
CREATE INDEX axes_accessattempt_username_3f2d4ca0_like ON public.axes_accessattempt USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_ip_address_2e9f5a7f ON public.axes_accessfailurelog USING btree (ip_address);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda ON public.axes_accessfailurelog USING btree (user_agent);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda_like ON public.axes_accessfailurelog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4 ON public.axes_accessfailurelog USING btree (username);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4_like ON public.axes_accessfailurelog USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accesslog_ip_address_86b417e5 ON public.axes_accesslog USING btree (ip_address);
CREATE INDEX axes_accesslog_user_agent_0e659004 ON public.axes_accesslog USING btree (user_agent);
CREATE INDEX axes_accesslog_user_agent_0e659004_like ON public.axes_accesslog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accesslog_username_df93064b ON public.axes_accesslog USING btree (username);
CREATE INDEX axes_accesslog_username_df93064b_like ON public.axes_accesslog USING btree (username varchar_pattern_ops);
CREATE UNIQUE INDEX channel_inbox_once_per_team ON public.notices_channel USING btree (team_id) WHERE ((kind)::text = 'inbox'::text);
CREATE INDEX comment_by_author ON public.discussions_comment USING btree (author_id, created_at DESC);
CREATE INDEX comment_by_change ON public.discussions_comment USING btree (team_id, kind, key, changed_at DESC);
CREATE INDEX comment_by_thing ON public.discussions_comment USING btree (team_id, kind, key, created_at);
CREATE INDEX comment_deleted ON public.discussions_comment USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX delivery_newest ON public.notices_delivery USING btree (channel_id, created_at DESC, id DESC);
CREATE INDEX discussions_comment_parent_id_1a486090 ON public.discussions_comment USING btree (parent_id);
CREATE INDEX discussions_writeupversion_writeup_id_afdba2b0 ON public.discussions_writeupversion USING btree (writeup_id);
CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON public.django_admin_log USING btree (content_type_id);
CREATE INDEX django_admin_log_user_id_c564eba6 ON public.django_admin_log USING btree (user_id);
CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);
CREATE INDEX django_task_backend_071754_idx ON public.django_tasks_database_dbtaskresult USING btree (backend_name);
CREATE INDEX django_task_queue_n_99c321_idx ON public.django_tasks_database_dbtaskresult USING btree (queue_name);
CREATE INDEX drift_check_newest ON public.serving_driftcheck USING btree (endpoint_id, version_id, at DESC);
CREATE INDEX endpoint_move_by_time ON public.serving_endpointmove USING btree (team_id, at DESC);
CREATE INDEX endpoint_move_newest ON public.serving_endpointmove USING btree (team_id, endpoint_id_then, at DESC, id DESC);
CREATE INDEX endpoint_reading_newest ON public.serving_endpointreading USING btree (endpoint_id, at DESC);
CREATE UNIQUE INDEX endpoint_reading_once ON public.serving_endpointreading USING btree (endpoint_id, since) WHERE (at > since);
CREATE INDEX endpoint_report_newest ON public.serving_endpointreport USING btree (endpoint_id, until DESC);
CREATE UNIQUE INDEX endpoint_report_once_per_period ON public.serving_endpointreport USING btree (endpoint_id, rhythm, until) WHERE (NOT ((rhythm)::text = 'asked'::text));
CREATE INDEX experiments_artifact_team_id_dbb0304a ON public.experiments_artifact USING btree (team_id);
CREATE INDEX experiments_autotraining_chosen_id_d530bb95 ON public.experiments_autotraining USING btree (chosen_id);
CREATE INDEX experiments_autotraining_job_id_55b45f40 ON public.experiments_autotraining USING btree (job_id);
CREATE INDEX experiments_contractcheck_contract_id_280809c0 ON public.experiments_contractcheck USING btree (contract_id);
CREATE INDEX experiments_contractcheck_job_id_d26ea6bd ON public.experiments_contractcheck USING btree (job_id);
CREATE INDEX experiments_contractcheck_overridden_by_id_dbc95b7c ON public.experiments_contractcheck USING btree (overridden_by_id);
CREATE INDEX experiments_contractcheck_version_id_9ec2f3c3 ON public.experiments_contractcheck USING btree (version_id);
CREATE INDEX experiments_curve_run_id_dd5d5c90 ON public.experiments_curve USING btree (run_id);
CREATE INDEX experiments_datacontract_created_by_id_d67f2287 ON public.experiments_datacontract USING btree (created_by_id);
CREATE INDEX experiments_datacontract_dataset_id_3bacc191 ON public.experiments_datacontract USING btree (dataset_id);
CREATE INDEX experiments_dataset_created_by_id_81127f1c ON public.experiments_dataset USING btree (created_by_id);
CREATE INDEX experiments_dataset_problem_id_92da5c91 ON public.experiments_dataset USING btree (problem_id);
CREATE INDEX experiments_dataset_team_id_d5599e46 ON public.experiments_dataset USING btree (team_id);
CREATE INDEX experiments_datasetpart_file_id_f785d90c ON public.experiments_datasetpart USING btree (file_id);
CREATE INDEX experiments_datasetpart_version_id_f58f4660 ON public.experiments_datasetpart USING btree (version_id);
CREATE INDEX experiments_datasetprofile_created_by_id_bae345d0 ON public.experiments_datasetprofile USING btree (created_by_id);
CREATE INDEX experiments_datasetprofile_file_id_550a27dc ON public.experiments_datasetprofile USING btree (file_id);
CREATE INDEX experiments_datasetprofile_job_id_295f0359 ON public.experiments_datasetprofile USING btree (job_id);
CREATE INDEX experiments_datasetprofile_version_id_dedb99a7 ON public.experiments_datasetprofile USING btree (version_id);
CREATE INDEX experiments_datasetversion_created_by_id_03d6b1e4 ON public.experiments_datasetversion USING btree (created_by_id);
CREATE INDEX experiments_datasetversion_dataset_id_7e2c4270 ON public.experiments_datasetversion USING btree (dataset_id);
CREATE INDEX experiments_datasetversion_original_id_c305ff2b ON public.experiments_datasetversion USING btree (original_id);
CREATE INDEX experiments_datasource_created_by_id_fbe2d905 ON public.experiments_datasource USING btree (created_by_id);
CREATE INDEX experiments_datasource_dataset_id_bd451df9 ON public.experiments_datasource USING btree (dataset_id);
CREATE INDEX experiments_datasource_team_id_78cc8af9 ON public.experiments_datasource USING btree (team_id);
CREATE INDEX experiments_datasource_version_id_f1a7f779 ON public.experiments_datasource USING btree (version_id);
CREATE INDEX experiments_evaluation_job_id_263bcb88 ON public.experiments_evaluation USING btree (job_id);
CREATE INDEX experiments_experiment_created_by_id_7a6e7047 ON public.experiments_experiment USING btree (created_by_id);
CREATE INDEX experiments_experiment_problem_id_80a347f2 ON public.experiments_experiment USING btree (problem_id);
CREATE INDEX experiments_experiment_team_id_bec72ee9 ON public.experiments_experiment USING btree (team_id);
CREATE INDEX experiments_loggedmodel_created_by_id_918d2170 ON public.experiments_loggedmodel USING btree (created_by_id);
CREATE INDEX experiments_loggedmodel_experiment_id_fa76fce5 ON public.experiments_loggedmodel USING btree (experiment_id);
CREATE INDEX experiments_loggedmodel_source_run_id_c1cd4253 ON public.experiments_loggedmodel USING btree (source_run_id);
CREATE INDEX experiments_loggedmodelmetric_run_id_2d538d94 ON public.experiments_loggedmodelmetric USING btree (run_id);
CREATE INDEX experiments_outerfold_job_id_d1fe2fb2 ON public.experiments_outerfold USING btree (job_id);
CREATE INDEX experiments_outerfold_study_id_9c1caa26 ON public.experiments_outerfold USING btree (study_id);
CREATE INDEX experiments_problem_created_by_id_d167339e ON public.experiments_problem USING btree (created_by_id);
CREATE INDEX experiments_problem_team_id_736da394 ON public.experiments_problem USING btree (team_id);
CREATE INDEX experiments_provenance_again_of_id_11a146b9 ON public.experiments_provenance USING btree (again_of_id);
CREATE INDEX experiments_qualityalert_closed_by_id_5a48512c ON public.experiments_qualityalert USING btree (closed_by_id);
CREATE INDEX experiments_qualityalert_dataset_id_369b60e9 ON public.experiments_qualityalert USING btree (dataset_id);
CREATE INDEX experiments_qualityalert_problem_id_e617cfa7 ON public.experiments_qualityalert USING btree (problem_id);
CREATE INDEX experiments_qualityalert_team_id_ab0ef5c8 ON public.experiments_qualityalert USING btree (team_id);
CREATE INDEX experiments_qualityalert_version_id_7ef3f20b ON public.experiments_qualityalert USING btree (version_id);
CREATE INDEX experiments_recipe_created_by_id_9e6771c8 ON public.experiments_recipe USING btree (created_by_id);
CREATE INDEX experiments_recipe_problem_id_4ab4d382 ON public.experiments_recipe USING btree (problem_id);
CREATE INDEX experiments_recipe_team_id_786a48a4 ON public.experiments_recipe USING btree (team_id);
CREATE INDEX experiments_recipeversion_created_by_id_3b3fc36f ON public.experiments_recipeversion USING btree (created_by_id);
CREATE INDEX experiments_recipeversion_recipe_id_c2e4a77f ON public.experiments_recipeversion USING btree (recipe_id);
CREATE INDEX experiments_runartifact_file_id_8c8b1051 ON public.experiments_artifact USING btree (file_id);
CREATE INDEX experiments_runinput_dataset_id_df3fe44a ON public.experiments_runinput USING btree (dataset_id);
CREATE INDEX experiments_runmodel_logged_model_id_5275dd35 ON public.experiments_runmodel USING btree (logged_model_id);
CREATE INDEX experiments_runrule_channels_channel_id_75eb0a1d ON public.experiments_runrule_channels USING btree (channel_id);
CREATE INDEX experiments_runrule_channels_runrule_id_3f1b4df1 ON public.experiments_runrule_channels USING btree (runrule_id);
CREATE INDEX experiments_runrule_created_by_id_9ca62f2d ON public.experiments_runrule USING btree (created_by_id);
CREATE INDEX experiments_runrule_experiment_id_d0d5cb26 ON public.experiments_runrule USING btree (experiment_id);
CREATE INDEX experiments_runrule_team_id_e712c45f ON public.experiments_runrule USING btree (team_id);
CREATE INDEX experiments_runtelling_rule_id_5e22cd97 ON public.experiments_runtelling USING btree (rule_id);
CREATE INDEX experiments_runview_created_by_id_5a37972c ON public.experiments_runview USING btree (created_by_id);
CREATE INDEX experiments_runview_experiment_id_88083f11 ON public.experiments_runview USING btree (experiment_id);
CREATE INDEX experiments_selectionstudy_created_by_id_d8d5162b ON public.experiments_selectionstudy USING btree (created_by_id);
CREATE INDEX experiments_selectionstudy_dataset_version_id_bdeccce3 ON public.experiments_selectionstudy USING btree (dataset_version_id);
CREATE INDEX experiments_selectionstudy_job_id_e2b1ee91 ON public.experiments_selectionstudy USING btree (job_id);
CREATE INDEX experiments_selectionstudy_problem_id_6fe45128 ON public.experiments_selectionstudy USING btree (problem_id);
CREATE INDEX experiments_selectionstudy_team_id_d5a4600c ON public.experiments_selectionstudy USING btree (team_id);
CREATE INDEX experiments_study_created_by_id_c10306c7 ON public.experiments_study USING btree (created_by_id);
CREATE INDEX experiments_study_dataset_version_id_3dbc8bcf ON public.experiments_study USING btree (dataset_version_id);
CREATE INDEX experiments_study_experiment_id_fedf2dbd ON public.experiments_study USING btree (experiment_id);
CREATE INDEX experiments_study_problem_id_60fd871e ON public.experiments_study USING btree (problem_id);
CREATE INDEX experiments_study_run_id_18d1c818 ON public.experiments_study USING btree (run_id);
CREATE INDEX experiments_study_team_id_08bfcb70 ON public.experiments_study USING btree (team_id);
CREATE INDEX experiments_study_winner_id_94525698 ON public.experiments_study USING btree (winner_id);
CREATE INDEX experiments_studylane_job_id_2877151d ON public.experiments_studylane USING btree (job_id);
CREATE INDEX experiments_studylane_study_id_e40ac4a0 ON public.experiments_studylane USING btree (study_id);
CREATE INDEX experiments_testuse_dataset_version_id_b141753b ON public.experiments_testuse USING btree (dataset_version_id);
CREATE INDEX experiments_testuse_run_id_0139e832 ON public.experiments_testuse USING btree (run_id);
CREATE INDEX experiments_trainer_archive_id_c30f8b25 ON public.experiments_trainer USING btree (archive_id);
CREATE INDEX experiments_trainer_created_by_id_6786e189 ON public.experiments_trainer USING btree (created_by_id);
CREATE INDEX experiments_trainer_team_id_b9acf9f8 ON public.experiments_trainer USING btree (team_id);
CREATE INDEX experiments_trainingschedule_created_by_id_edb4c439 ON public.experiments_trainingschedule USING btree (created_by_id);
CREATE INDEX experiments_trainingschedule_dataset_id_37dd095c ON public.experiments_trainingschedule USING btree (dataset_id);
CREATE INDEX experiments_trainingschedule_last_experiment_id_b053aad6 ON public.experiments_trainingschedule USING btree (last_experiment_id);
CREATE INDEX experiments_trainingschedule_last_version_id_edd2c685 ON public.experiments_trainingschedule USING btree (last_version_id);
CREATE INDEX experiments_trainingschedule_problem_id_709619dc ON public.experiments_trainingschedule USING btree (problem_id);
CREATE INDEX experiments_trial_run_id_f503b5d2 ON public.experiments_trial USING btree (run_id);
CREATE INDEX experiments_versioncomparison_earlier_id_943e9f03 ON public.experiments_versioncomparison USING btree (earlier_id);
CREATE INDEX experiments_versioncomparison_job_id_d797d394 ON public.experiments_versioncomparison USING btree (job_id);
CREATE INDEX feedback_newest ON public.serving_feedback USING btree (endpoint_id, at DESC);
CREATE UNIQUE INDEX improvement_adopted_once ON public.serving_improvement USING btree (endpoint_id) WHERE (adopted_recipe IS NOT NULL);
CREATE INDEX inbox_newest ON public.notices_inboxentry USING btree (user_id, team_id, at DESC, id DESC);
CREATE INDEX inbox_unread ON public.notices_inboxentry USING btree (user_id, team_id) WHERE (read_at IS NULL);
CREATE INDEX jobs_budget_changed_by_id_64b33cd0 ON public.jobs_budget USING btree (changed_by_id);
CREATE INDEX jobs_job_created_by_id_f3283268 ON public.jobs_job USING btree (created_by_id);
CREATE INDEX jobs_job_in_line ON public.jobs_job USING btree (queue, priority, COALESCE(team_id, (0)::bigint), GREATEST(queued_at, scheduled_at), id) WHERE ((state)::text = 'QUEUED'::text);
CREATE INDEX jobs_job_live ON public.jobs_job USING btree (state, created_at) WHERE ((state)::text = ANY ((ARRAY['QUEUED'::character varying, 'RUNNING'::character varying, 'PAUSED'::character varying])::text[]));
CREATE INDEX jobs_job_newest ON public.jobs_job USING btree (created_at DESC, id);
CREATE INDEX jobs_job_of_team ON public.jobs_job USING btree (team_id, created_at DESC, id);
CREATE INDEX jobs_job_started ON public.jobs_job USING btree (team_id, started_at);
CREATE INDEX jobs_job_team_id_c38d3640 ON public.jobs_job USING btree (team_id);
CREATE INDEX jobs_joblog_job_id_ae8f8e96 ON public.jobs_joblog USING btree (job_id);
CREATE INDEX jobs_schedule_due ON public.jobs_schedule USING btree (next_at) WHERE enabled;
CREATE INDEX jobs_schedule_last_job_id_ea2e5cec ON public.jobs_schedule USING btree (last_job_id);
CREATE INDEX jobs_schedule_name_fdcfbdf1_like ON public.jobs_schedule USING btree (name varchar_pattern_ops);
CREATE INDEX jobs_schedule_team_id_94d8e183 ON public.jobs_schedule USING btree (team_id);
CREATE INDEX jobs_workerprocess_name_a5f438d6_like ON public.jobs_workerprocess USING btree (name varchar_pattern_ops);
CREATE INDEX latest_metric_by_value ON public.experiments_latestmetric USING btree (experiment_id, key, value, run_id) INCLUDE (is_nan, minimum, maximum);
CREATE UNIQUE INDEX load_test_one_at_a_time ON public.serving_loadtest USING btree (endpoint_id) WHERE (ended_at IS NULL);
CREATE INDEX logged_model_newest_first ON public.experiments_loggedmodel USING btree (experiment_id, lifecycle, created_at DESC, id);
CREATE INDEX model_test_run_newest ON public.models_app_modeltestrun USING btree (version_id, id DESC);
CREATE INDEX model_version_by_run_key ON public.models_app_modelversion USING btree (run_key) WHERE (NOT ((run_key)::text = ''::text));
CREATE INDEX models_app_alias_model_id_3d41eb84 ON public.models_app_alias USING btree (model_id);
CREATE INDEX models_app_alias_version_id_8f32b1b4 ON public.models_app_alias USING btree (version_id);
CREATE INDEX models_app_approvalpolicy_channels_approvalpolicy_id_9f97f160 ON public.models_app_approvalpolicy_channels USING btree (approvalpolicy_id);
CREATE INDEX models_app_approvalpolicy_channels_channel_id_75b629d1 ON public.models_app_approvalpolicy_channels USING btree (channel_id);
CREATE INDEX models_app_approvalpolicy_model_id_a260a37a ON public.models_app_approvalpolicy USING btree (model_id);
CREATE INDEX models_app_approvalpolicy_reviewers_approvalpolicy_id_5cf88fdb ON public.models_app_approvalpolicy_reviewers USING btree (approvalpolicy_id);
CREATE INDEX models_app_approvalpolicy_reviewers_user_id_58a789be ON public.models_app_approvalpolicy_reviewers USING btree (user_id);
CREATE INDEX models_app_approvalpolicy_updated_by_id_ba283894 ON public.models_app_approvalpolicy USING btree (updated_by_id);
CREATE INDEX models_app_awaitedalias_asked_by_id_d775efce ON public.models_app_awaitedalias USING btree (asked_by_id);
CREATE INDEX models_app_awaitedalias_model_id_fd1ea9ab ON public.models_app_awaitedalias USING btree (model_id);
CREATE INDEX models_app_awaitedalias_version_id_b3da8e48 ON public.models_app_awaitedalias USING btree (version_id);
CREATE INDEX models_app_cardtext_updated_by_id_1072ff13 ON public.models_app_cardtext USING btree (updated_by_id);
CREATE INDEX models_app_compilation_file_id_3c216d07 ON public.models_app_compilation USING btree (file_id);
CREATE INDEX models_app_compilation_job_id_f2b9ecc2 ON public.models_app_compilation USING btree (job_id);
CREATE INDEX models_app_intake_decided_by_id_fc709a93 ON public.models_app_intake USING btree (decided_by_id);
CREATE INDEX models_app_intake_example_id_4f3288b3 ON public.models_app_intake USING btree (example_id);
CREATE INDEX models_app_intake_file_id_4b4d8ac9 ON public.models_app_intake USING btree (file_id);
CREATE INDEX models_app_intake_job_id_5a8e0db3 ON public.models_app_intake USING btree (job_id);
CREATE INDEX models_app_intake_mlmodel_id_7ab5ac4d ON public.models_app_intake USING btree (mlmodel_id);
CREATE INDEX models_app_modelfile_file_id_cdae8b87 ON public.models_app_modelfile USING btree (file_id);
CREATE INDEX models_app_modelfile_version_id_4a6d8b17 ON public.models_app_modelfile USING btree (version_id);
CREATE INDEX models_app_modelgate_updated_by_id_470fb80f ON public.models_app_modelgate USING btree (updated_by_id);
CREATE INDEX models_app_modeltestresult_run_id_1715a729 ON public.models_app_modeltestresult USING btree (run_id);
CREATE INDEX models_app_modeltestrun_champion_id_595255fa ON public.models_app_modeltestrun USING btree (champion_id);
CREATE INDEX models_app_modeltestrun_created_by_id_5d634d74 ON public.models_app_modeltestrun USING btree (created_by_id);
CREATE INDEX models_app_modeltestrun_job_id_0e71ffee ON public.models_app_modeltestrun USING btree (job_id);
CREATE INDEX models_app_modeltestrun_version_id_301eeb73 ON public.models_app_modeltestrun USING btree (version_id);
CREATE INDEX models_app_modelversion_created_by_id_6761d00a ON public.models_app_modelversion USING btree (created_by_id);
CREATE INDEX models_app_modelversion_logged_model_id_48caa1e0 ON public.models_app_modelversion USING btree (logged_model_id);
CREATE INDEX models_app_modelversion_model_id_f8820b58 ON public.models_app_modelversion USING btree (model_id);
CREATE INDEX models_app_modelversion_run_id_6f5226b2 ON public.models_app_modelversion USING btree (run_id);
CREATE INDEX models_app_optimisation_created_by_id_bb1ad922 ON public.models_app_optimisation USING btree (created_by_id);
CREATE INDEX models_app_optimisation_job_id_b9c846e2 ON public.models_app_optimisation USING btree (job_id);
CREATE INDEX models_app_optimisation_version_id_a084bc3e ON public.models_app_optimisation USING btree (version_id);
CREATE INDEX models_app_optimisedcandidate_optimisation_id_5e589bcd ON public.models_app_optimisedcandidate USING btree (optimisation_id);
CREATE INDEX models_app_optimisedcandidate_run_id_4ebda5ff ON public.models_app_optimisedcandidate USING btree (run_id);
CREATE INDEX models_app_promotionrequest_decided_by_id_8772e987 ON public.models_app_promotionrequest USING btree (decided_by_id);
CREATE INDEX models_app_promotionrequest_model_id_0700fd95 ON public.models_app_promotionrequest USING btree (model_id);
CREATE INDEX models_app_promotionrequest_requested_by_id_1af2f084 ON public.models_app_promotionrequest USING btree (requested_by_id);
CREATE INDEX models_app_promotionrequest_version_id_b6dc79f1 ON public.models_app_promotionrequest USING btree (version_id);
CREATE INDEX models_app_promotionreview_request_id_bc6169ba ON public.models_app_promotionreview USING btree (request_id);
CREATE INDEX models_app_promotionreview_user_id_cda2c65c ON public.models_app_promotionreview USING btree (user_id);
CREATE INDEX models_app_registeredmodel_created_by_id_e6cd1ce4 ON public.models_app_registeredmodel USING btree (created_by_id);
CREATE INDEX models_app_registeredmodel_problem_id_267aa6b8 ON public.models_app_registeredmodel USING btree (problem_id);
CREATE INDEX models_app_registeredmodel_team_id_8cd98ae5 ON public.models_app_registeredmodel USING btree (team_id);
CREATE INDEX models_app_webhook_created_by_id_23539e1b ON public.models_app_webhook USING btree (created_by_id);
CREATE INDEX models_app_webhook_team_id_7796a269 ON public.models_app_webhook USING btree (team_id);
CREATE INDEX models_app_webhookdelivery_replay_of_id_2e230034 ON public.models_app_webhookdelivery USING btree (replay_of_id);
CREATE INDEX models_app_webhookdelivery_webhook_id_0b330c0b ON public.models_app_webhookdelivery USING btree (webhook_id);
CREATE INDEX notice_by_time ON public.notices_notice USING btree (at);
CREATE INDEX notices_channel_created_by_id_5075cc5d ON public.notices_channel USING btree (created_by_id);
CREATE INDEX notices_channel_team_id_d6b753cd ON public.notices_channel USING btree (team_id);
CREATE INDEX notices_delivery_channel_id_b28acf13 ON public.notices_delivery USING btree (channel_id);
CREATE INDEX notices_delivery_created_by_id_17e50903 ON public.notices_delivery USING btree (created_by_id);
CREATE INDEX notices_delivery_notice_id_2d5dfa0c ON public.notices_delivery USING btree (notice_id);
CREATE INDEX notices_delivery_replay_of_id_c195f92d ON public.notices_delivery USING btree (replay_of_id);
CREATE INDEX notices_inboxentry_notice_id_59d2df50 ON public.notices_inboxentry USING btree (notice_id);
CREATE INDEX notices_notice_team_id_f2eb97d1 ON public.notices_notice USING btree (team_id);
CREATE UNIQUE INDEX one_ab_test_of_an_endpoint_runs ON public.serving_abtest USING btree (endpoint_id) WHERE ((state)::text = 'running'::text);
CREATE UNIQUE INDEX one_default_experiment_per_team ON public.experiments_experiment USING btree (team_id) WHERE is_default;
CREATE UNIQUE INDEX one_default_run_view ON public.experiments_runview USING btree (experiment_id) WHERE is_default;
CREATE UNIQUE INDEX one_open_promotion ON public.models_app_promotionrequest USING btree (version_id, lower((alias)::text)) WHERE ((state)::text = 'open'::text);
CREATE UNIQUE INDEX one_open_retraining ON public.serving_retraining USING btree (endpoint_id) WHERE (ended_at IS NULL);
CREATE INDEX optimisation_newest ON public.models_app_optimisation USING btree (version_id, id DESC);
CREATE UNIQUE INDEX own_run_view_name_once ON public.experiments_runview USING btree (experiment_id, created_by_id, name) WHERE (NOT is_shared);
CREATE INDEX param_by_run ON public.experiments_param USING btree (experiment_id, key, run_id) INCLUDE (value) WHERE (octet_length(value) <= 200);
CREATE INDEX param_by_value ON public.experiments_param USING btree (experiment_id, key, "left"(value, 200));
CREATE INDEX param_long_by_run ON public.experiments_param USING btree (experiment_id, key, run_id) WHERE (octet_length(value) > 200);
CREATE INDEX password_reset_by_subject ON public.accounts_passwordresetrequest USING btree (subject, at);
CREATE INDEX prediction_by_client_id ON ONLY public.serving_prediction USING btree (client_request_id) WHERE (client_request_id IS NOT NULL);
CREATE INDEX prediction_by_number ON ONLY public.serving_prediction USING btree (id);
CREATE INDEX prediction_by_unit ON ONLY public.serving_prediction USING btree (endpoint_id, unit, at DESC) WHERE (NOT ((unit)::text = ''::text));
CREATE INDEX prediction_newest ON ONLY public.serving_prediction USING btree (endpoint_id, at DESC);
CREATE INDEX promotion_newest ON public.models_app_promotionrequest USING btree (model_id, id DESC);
CREATE INDEX quality_alert_open ON public.experiments_qualityalert USING btree (team_id, created_at DESC) WHERE (closed_at IS NULL);
CREATE INDEX retraining_newest ON public.serving_retraining USING btree (endpoint_id, started_at DESC);
CREATE INDEX retraining_policy_due ON public.serving_retrainingpolicy USING btree (look_at) WHERE enabled;
CREATE INDEX run_by_duration ON public.experiments_run USING btree (experiment_id, lifecycle, date_part('epoch'::text, (ended_at - started_at))) WHERE (ended_at IS NOT NULL);
CREATE INDEX run_by_end ON public.experiments_run USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX run_by_words_of_name ON public.experiments_run USING gin (to_tsvector('simple'::regconfig, COALESCE(translate((name)::text, '-_./:'::text, '     '::text), ''::text)));
CREATE INDEX run_live_of_job ON public.experiments_run USING btree (job_id) WHERE ((job_id IS NOT NULL) AND ((status)::text = ANY ((ARRAY['SCHEDULED'::character varying, 'RUNNING'::character varying])::text[])));
CREATE INDEX run_live_without_job ON public.experiments_run USING btree (started_at) WHERE ((job_id IS NULL) AND ((status)::text = 'RUNNING'::text));
CREATE INDEX run_newest_in_experiment ON public.experiments_run USING btree (experiment_id, lifecycle, started_at DESC, id);
CREATE INDEX run_of_dataset_version ON public.experiments_run USING btree (dataset_version_id) WHERE (dataset_version_id IS NOT NULL);
CREATE INDEX run_of_job ON public.experiments_run USING btree (job_id) WHERE (job_id IS NOT NULL);
CREATE INDEX run_of_parent ON public.experiments_run USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX run_of_problem ON public.experiments_run USING btree (problem_id) WHERE (problem_id IS NOT NULL);
CREATE INDEX run_tag_by_value ON public.experiments_runtag USING btree (experiment_id, key, "left"(value, 200));
CREATE INDEX selection_of_team ON public.experiments_selectionstudy USING btree (team_id, created_at DESC);
CREATE INDEX serving_abtest_created_by_id_c1d44f1c ON public.serving_abtest USING btree (created_by_id);
CREATE INDEX serving_abtest_endpoint_id_6f78e83f ON public.serving_abtest USING btree (endpoint_id);
CREATE INDEX serving_abteststep_test_id_8444d7d3 ON public.serving_abteststep USING btree (test_id);
CREATE INDEX serving_alertevent_notice_id_806f170e ON public.serving_alertevent USING btree (notice_id);
CREATE INDEX serving_alertevent_rule_id_04c2e67d ON public.serving_alertevent USING btree (rule_id);
CREATE INDEX serving_alertrule_channels_alertrule_id_5f8d13d9 ON public.serving_alertrule_channels USING btree (alertrule_id);
CREATE INDEX serving_alertrule_channels_channel_id_b160bc39 ON public.serving_alertrule_channels USING btree (channel_id);
CREATE INDEX serving_alertrule_created_by_id_58d8e82a ON public.serving_alertrule USING btree (created_by_id);
CREATE INDEX serving_alertrule_endpoint_id_a8f25443 ON public.serving_alertrule USING btree (endpoint_id);
CREATE INDEX serving_alertrule_look_at_403b634e ON public.serving_alertrule USING btree (look_at);
CREATE INDEX serving_batch_created_by_id_5ce488ab ON public.serving_batch USING btree (created_by_id);
CREATE INDEX serving_batch_dataset_version_id_4d16ccdc ON public.serving_batch USING btree (dataset_version_id);
CREATE INDEX serving_batch_endpoint_id_d8fcb686 ON public.serving_batch USING btree (endpoint_id);
CREATE INDEX serving_batch_job_id_5c936dc8 ON public.serving_batch USING btree (job_id);
CREATE INDEX serving_batch_result_id_12b29c42 ON public.serving_batch USING btree (result_id);
CREATE INDEX serving_batch_result_version_id_a860a476 ON public.serving_batch USING btree (result_version_id);
CREATE INDEX serving_batch_version_id_6c583c6c ON public.serving_batch USING btree (version_id);
CREATE INDEX serving_driftbaseline_dataset_version_id_54397d4c ON public.serving_driftbaseline USING btree (dataset_version_id);
CREATE INDEX serving_driftbaseline_job_id_5af08d2f ON public.serving_driftbaseline USING btree (job_id);
CREATE INDEX serving_driftcheck_created_by_id_27134b64 ON public.serving_driftcheck USING btree (created_by_id);
CREATE INDEX serving_driftcheck_job_id_e38372bd ON public.serving_driftcheck USING btree (job_id);
CREATE INDEX serving_driftcheck_version_id_130cd10a ON public.serving_driftcheck USING btree (version_id);
CREATE INDEX serving_driftcount_version_id_d77a0e60 ON public.serving_driftcount USING btree (version_id);
CREATE INDEX serving_driftwatch_next_at_109fff24 ON public.serving_driftwatch USING btree (next_at);
CREATE INDEX serving_endpoint_created_by_id_5daebcc5 ON public.serving_endpoint USING btree (created_by_id);
CREATE INDEX serving_endpoint_problem_id_5afdb938 ON public.serving_endpoint USING btree (problem_id);
CREATE INDEX serving_endpoint_team_id_8d439315 ON public.serving_endpoint USING btree (team_id);
CREATE INDEX serving_endpointreport_created_by_id_10e05f89 ON public.serving_endpointreport USING btree (created_by_id);
CREATE INDEX serving_endpointreport_endpoint_id_8fe228d6 ON public.serving_endpointreport USING btree (endpoint_id);
CREATE INDEX serving_endpointreport_job_id_27933269 ON public.serving_endpointreport USING btree (job_id);
CREATE INDEX serving_improvement_adopted_by_id_1e4973a1 ON public.serving_improvement USING btree (adopted_by_id);
CREATE INDEX serving_improvement_created_by_id_ea2a5e2f ON public.serving_improvement USING btree (created_by_id);
CREATE INDEX serving_improvement_dataset_version_id_4fbc6ce3 ON public.serving_improvement USING btree (dataset_version_id);
CREATE INDEX serving_improvement_endpoint_id_7278e7e0 ON public.serving_improvement USING btree (endpoint_id);
CREATE INDEX serving_improvement_job_id_e29169e1 ON public.serving_improvement USING btree (job_id);
CREATE INDEX serving_improvement_version_id_f59358b2 ON public.serving_improvement USING btree (version_id);
CREATE INDEX serving_loadtest_created_by_id_d40560a8 ON public.serving_loadtest USING btree (created_by_id);
CREATE INDEX serving_loadtest_endpoint_id_c4eb1103 ON public.serving_loadtest USING btree (endpoint_id);
CREATE INDEX serving_loadtest_job_id_7bc97923 ON public.serving_loadtest USING btree (job_id);
CREATE INDEX serving_loadtest_run_id_a304715c ON public.serving_loadtest USING btree (run_id);
CREATE INDEX serving_loadtest_version_id_1e49f451 ON public.serving_loadtest USING btree (version_id);
CREATE INDEX serving_logcount_endpoint_id_b82e48d6 ON public.serving_logcount USING btree (endpoint_id);
CREATE INDEX serving_prediction_rest_client_request_id_idx ON public.serving_prediction_rest USING btree (client_request_id) WHERE (client_request_id IS NOT NULL);
CREATE INDEX serving_prediction_rest_endpoint_id_at_idx ON public.serving_prediction_rest USING btree (endpoint_id, at DESC);
CREATE INDEX serving_prediction_rest_endpoint_id_unit_at_idx ON public.serving_prediction_rest USING btree (endpoint_id, unit, at DESC) WHERE (NOT ((unit)::text = ''::text));
CREATE INDEX serving_prediction_rest_id_idx ON public.serving_prediction_rest USING btree (id);
CREATE INDEX serving_reportschedule_channels_channel_id_9241cf3a ON public.serving_reportschedule_channels USING btree (channel_id);
CREATE INDEX serving_reportschedule_channels_reportschedule_id_4f77cabe ON public.serving_reportschedule_channels USING btree (reportschedule_id);
CREATE INDEX serving_reportschedule_next_at_b09c128d ON public.serving_reportschedule USING btree (next_at);
CREATE INDEX serving_retraining_challenger_id_f15e3fed ON public.serving_retraining USING btree (challenger_id);
CREATE INDEX serving_retraining_champion_id_c7b4a7b4 ON public.serving_retraining USING btree (champion_id);
CREATE INDEX serving_retraining_created_by_id_8900b266 ON public.serving_retraining USING btree (created_by_id);
CREATE INDEX serving_retraining_dataset_version_id_06d12ca5 ON public.serving_retraining USING btree (dataset_version_id);
CREATE INDEX serving_retraining_decided_by_id_a673aeca ON public.serving_retraining USING btree (decided_by_id);
CREATE INDEX serving_retraining_endpoint_id_d90b9363 ON public.serving_retraining USING btree (endpoint_id);
CREATE INDEX serving_retraining_held_out_id_45a2a11d ON public.serving_retraining USING btree (held_out_id);
CREATE INDEX serving_retraining_original_version_id_acbb1319 ON public.serving_retraining USING btree (original_version_id);
CREATE INDEX serving_retraining_run_id_47199931 ON public.serving_retraining USING btree (run_id);
CREATE INDEX serving_retraining_shadow_id_9378241c ON public.serving_retraining USING btree (shadow_id);
CREATE INDEX serving_retraining_study_id_cd46fc3e ON public.serving_retraining USING btree (study_id);
CREATE INDEX serving_retraining_test_id_99735db8 ON public.serving_retraining USING btree (test_id);
CREATE INDEX serving_retrainingpolicy_channels_channel_id_c30a2f9b ON public.serving_retrainingpolicy_channels USING btree (channel_id);
CREATE INDEX serving_retrainingpolicy_channels_retrainingpolicy_id_1be06735 ON public.serving_retrainingpolicy_channels USING btree (retrainingpolicy_id);
CREATE INDEX serving_retrainingpolicy_created_by_id_4125ff59 ON public.serving_retrainingpolicy USING btree (created_by_id);
CREATE INDEX serving_retrainingpolicy_dataset_id_6492994a ON public.serving_retrainingpolicy USING btree (dataset_id);
CREATE INDEX serving_retrainingpolicy_experiment_id_82c0e040 ON public.serving_retrainingpolicy USING btree (experiment_id);
CREATE INDEX serving_retrainingstep_job_id_bac5ff77 ON public.serving_retrainingstep USING btree (job_id);
CREATE INDEX serving_retrainingstep_retraining_id_06758252 ON public.serving_retrainingstep USING btree (retraining_id);
CREATE INDEX serving_servingworker_name_2867ff6b_like ON public.serving_servingworker USING btree (name varchar_pattern_ops);
CREATE INDEX serving_shadow_created_by_id_221f9d8d ON public.serving_shadow USING btree (created_by_id);
CREATE INDEX serving_shadow_endpoint_id_6336667b ON public.serving_shadow USING btree (endpoint_id);
CREATE INDEX serving_shadow_version_id_b6be1b71 ON public.serving_shadow USING btree (version_id);
CREATE INDEX serving_uncountedpredictions_endpoint_id_c1e92133 ON public.serving_uncountedpredictions USING btree (endpoint_id);
CREATE INDEX serving_unitfeedback_endpoint_id_4002216c ON public.serving_unitfeedback USING btree (endpoint_id);
CREATE INDEX serving_variant_endpoint_id_2cc052e3 ON public.serving_variant USING btree (endpoint_id);
CREATE INDEX serving_variant_version_id_949bc3eb ON public.serving_variant USING btree (version_id);
CREATE UNIQUE INDEX shared_run_view_name_once ON public.experiments_runview USING btree (experiment_id, name) WHERE is_shared;
CREATE INDEX staged_row_rolled ON public.experiments_stagedrow USING btree (rolled_at) WHERE (rolled_at IS NOT NULL);
CREATE INDEX staged_row_waiting ON public.experiments_stagedrow USING btree (dataset_id, event_at) WHERE (rolled_at IS NULL);
CREATE INDEX stored_file_by_content ON public.artifacts_storedfile USING btree (team_id, sha256);
CREATE INDEX study_of_team ON public.experiments_study USING btree (team_id, created_at DESC);
CREATE INDEX study_running ON public.experiments_study USING btree (id) WHERE ((state)::text = 'RUNNING'::text);
CREATE INDEX tasks_db_new_ordering_idx ON public.django_tasks_database_dbtaskresult USING btree (status, priority DESC, run_after, enqueued_at) WHERE ((status)::text = 'READY'::text);
CREATE INDEX telling_digest_due ON public.discussions_telling USING btree (digest_at) WHERE (digest_at IS NOT NULL);
CREATE INDEX test_use_of_rows ON public.experiments_testuse USING btree (dataset_version_id, test_digest, used_at);
CREATE INDEX trial_open ON public.experiments_trial USING btree (study_id, number) WHERE ((state)::text = ANY ((ARRAY['WAITING'::character varying, 'RUNNING'::character varying])::text[]));
CREATE INDEX user_session_by_seen ON public.accounts_usersession USING btree (seen_at);
CREATE INDEX watch_by_user ON public.discussions_watch USING btree (user_id, team_id, at DESC);
CREATE INDEX webhook_delivery_newest ON public.models_app_webhookdelivery USING btree (webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_newest ON public.models_app_webhook USING btree (team_id, created_at DESC, id DESC);
CREATE INDEX writeup_newest ON public.discussions_writeup USING btree (team_id, updated_at DESC);
ALTER INDEX public.prediction_by_client_id ATTACH PARTITION public.serving_prediction_rest_client_request_id_idx;
ALTER INDEX public.prediction_newest ATTACH PARTITION public.serving_prediction_rest_endpoint_id_at_idx;
ALTER INDEX public.prediction_by_unit ATTACH PARTITION public.serving_prediction_rest_endpoint_id_unit_at_idx;
ALTER INDEX public.prediction_by_number ATTACH PARTITION public.serving_prediction_rest_id_idx;
ALTER INDEX public.prediction_once ATTACH PARTITION public.serving_prediction_rest_request_id_row_key;
CREATE TRIGGER count_changed AFTER UPDATE ON public.experiments_runinput REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_new_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON public.experiments_latestmetric REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_old_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON public.experiments_param REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_old_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON public.experiments_runinput REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_old_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON public.experiments_runmodel REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_old_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON public.experiments_runtag REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_old_rows();
CREATE TRIGGER count_new AFTER INSERT ON public.experiments_runinput REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_new_rows();
CREATE TRIGGER count_new AFTER INSERT ON public.experiments_runmodel REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION public.experiments_count_new_rows();
CREATE TRIGGER count_texts BEFORE UPDATE OF name, note ON public.experiments_run FOR EACH ROW WHEN ((((old.name)::text IS DISTINCT FROM (new.name)::text) OR (old.note IS DISTINCT FROM new.note))) EXECUTE FUNCTION public.experiments_count_texts();
CREATE TRIGGER experiments_run_revive BEFORE UPDATE ON public.experiments_run FOR EACH ROW WHEN (old.timed_out) EXECUTE FUNCTION public.experiments_run_revive();
CREATE TRIGGER keep_alias_moves BEFORE UPDATE ON public.models_app_aliasmove FOR EACH ROW EXECUTE FUNCTION public.models_app_keep_alias_moves();
CREATE TRIGGER keep_declared BEFORE UPDATE ON public.serving_abtest FOR EACH ROW WHEN ((((((((((((((((old.endpoint_id IS DISTINCT FROM new.endpoint_id) OR ((old.mode)::text IS DISTINCT FROM (new.mode)::text)) OR ((old.control)::text IS DISTINCT FROM (new.control)::text)) OR (old.versions IS DISTINCT FROM new.versions)) OR ((old.metric)::text IS DISTINCT FROM (new.metric)::text)) OR (old.outcome IS DISTINCT FROM new.outcome)) OR (old.maximize IS DISTINCT FROM new.maximize)) OR (old.per_unit IS DISTINCT FROM new.per_unit)) OR (old.margin IS DISTINCT FROM new.margin)) OR (old.effect IS DISTINCT FROM new.effect)) OR (old.alpha IS DISTINCT FROM new.alpha)) OR (old.horizon IS DISTINCT FROM new.horizon)) OR (old.cuped_days IS DISTINCT FROM new.cuped_days)) OR (old.options IS DISTINCT FROM new.options)) OR (old.started_at IS DISTINCT FROM new.started_at))) EXECUTE FUNCTION public.serving_keep_declared();
CREATE TRIGGER keep_endpoint_moves BEFORE UPDATE ON public.serving_endpointmove FOR EACH ROW EXECUTE FUNCTION public.serving_keep_endpoint_moves();
ALTER TABLE ONLY public.accounts_apitoken
    ADD CONSTRAINT accounts_apitoken_team_id_8d939cd1_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_apitoken
    ADD CONSTRAINT accounts_apitoken_user_id_bbee13e0_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_auditevent
    ADD CONSTRAINT accounts_auditevent_team_id_c0d94c64_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_auditevent
    ADD CONSTRAINT accounts_auditevent_user_id_94cf0a49_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_idempotencykey
    ADD CONSTRAINT accounts_idempotencykey_team_id_c9ddd210_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_idempotencykey
    ADD CONSTRAINT accounts_idempotencykey_user_id_ad587486_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_invitation
    ADD CONSTRAINT accounts_invitation_invited_by_id_94a21efc_fk_accounts_user_id FOREIGN KEY (invited_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_invitation
    ADD CONSTRAINT accounts_invitation_team_id_a42a47a0_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_keptdeletion
    ADD CONSTRAINT accounts_keptdeletion_team_id_78166ceb_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_keptdeletion
    ADD CONSTRAINT accounts_keptdeletion_user_id_4b160778_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_membership
    ADD CONSTRAINT accounts_membership_team_id_c9c6c909_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_membership
    ADD CONSTRAINT accounts_membership_user_id_487fb39e_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_providergrant
    ADD CONSTRAINT accounts_providergra_membership_id_204db5fb_fk_accounts_ FOREIGN KEY (membership_id) REFERENCES public.accounts_membership(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user
    ADD CONSTRAINT accounts_user_default_team_id_e2a231c6_fk_accounts_team_id FOREIGN KEY (default_team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_group_id_bd11a704_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_groups
    ADD CONSTRAINT accounts_user_groups_user_id_52b62117_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_p_permission_id_113bb443_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_user_user_permissions
    ADD CONSTRAINT accounts_user_user_p_user_id_e4f0a161_fk_accounts_ FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.accounts_usersession
    ADD CONSTRAINT accounts_usersession_user_id_567c9519_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.artifacts_storedfile
    ADD CONSTRAINT artifacts_storedfile_team_id_ff749a81_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptex_access_attempt_id_6b73a47a_fk_axes_acce FOREIGN KEY (access_attempt_id) REFERENCES public.axes_accessattempt(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_comment
    ADD CONSTRAINT discussions_comment_author_id_31922333_fk_accounts_user_id FOREIGN KEY (author_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_comment
    ADD CONSTRAINT discussions_comment_deleted_by_id_1b64209f_fk_accounts_user_id FOREIGN KEY (deleted_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_comment
    ADD CONSTRAINT discussions_comment_parent_id_1a486090_fk_discussio FOREIGN KEY (parent_id) REFERENCES public.discussions_comment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_comment
    ADD CONSTRAINT discussions_comment_resolved_by_id_d8af6884_fk_accounts_user_id FOREIGN KEY (resolved_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_comment
    ADD CONSTRAINT discussions_comment_team_id_33867206_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_telling
    ADD CONSTRAINT discussions_telling_user_id_0b647a7b_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_watch
    ADD CONSTRAINT discussions_watch_team_id_95871fec_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_watch
    ADD CONSTRAINT discussions_watch_user_id_5f972104_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_writeup
    ADD CONSTRAINT discussions_writeup_created_by_id_981e7071_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_writeup
    ADD CONSTRAINT discussions_writeup_team_id_dd00590c_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_writeupversion
    ADD CONSTRAINT discussions_writeupv_author_id_bbd1b402_fk_accounts_ FOREIGN KEY (author_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.discussions_writeupversion
    ADD CONSTRAINT discussions_writeupv_writeup_id_afdba2b0_fk_discussio FOREIGN KEY (writeup_id) REFERENCES public.discussions_writeup(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT experiments_artifact_logged_model_id_41026abb_fk_experimen FOREIGN KEY (logged_model_id) REFERENCES public.experiments_loggedmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT experiments_artifact_run_id_c6efad5b_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT experiments_artifact_team_id_dbb0304a_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_autotraining
    ADD CONSTRAINT experiments_autotrai_chosen_id_d530bb95_fk_experimen FOREIGN KEY (chosen_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_autotraining
    ADD CONSTRAINT experiments_autotrai_study_id_a4ab1305_fk_experimen FOREIGN KEY (study_id) REFERENCES public.experiments_study(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_autotraining
    ADD CONSTRAINT experiments_autotraining_job_id_55b45f40_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_contractcheck
    ADD CONSTRAINT experiments_contract_contract_id_280809c0_fk_experimen FOREIGN KEY (contract_id) REFERENCES public.experiments_datacontract(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_contractcheck
    ADD CONSTRAINT experiments_contract_overridden_by_id_dbc95b7c_fk_accounts_ FOREIGN KEY (overridden_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_contractcheck
    ADD CONSTRAINT experiments_contract_version_id_9ec2f3c3_fk_experimen FOREIGN KEY (version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_contractcheck
    ADD CONSTRAINT experiments_contractcheck_job_id_d26ea6bd_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_curve
    ADD CONSTRAINT experiments_curve_run_id_dd5d5c90_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datacontract
    ADD CONSTRAINT experiments_datacont_created_by_id_d67f2287_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datacontract
    ADD CONSTRAINT experiments_datacont_dataset_id_3bacc191_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_dataset
    ADD CONSTRAINT experiments_dataset_created_by_id_81127f1c_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_dataset
    ADD CONSTRAINT experiments_dataset_problem_id_92da5c91_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_dataset
    ADD CONSTRAINT experiments_dataset_team_id_d5599e46_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetprofile
    ADD CONSTRAINT experiments_datasetp_created_by_id_bae345d0_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetprofile
    ADD CONSTRAINT experiments_datasetp_file_id_550a27dc_fk_artifacts FOREIGN KEY (file_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetpart
    ADD CONSTRAINT experiments_datasetp_file_id_f785d90c_fk_artifacts FOREIGN KEY (file_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetprofile
    ADD CONSTRAINT experiments_datasetp_version_id_dedb99a7_fk_experimen FOREIGN KEY (version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetpart
    ADD CONSTRAINT experiments_datasetp_version_id_f58f4660_fk_experimen FOREIGN KEY (version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetprofile
    ADD CONSTRAINT experiments_datasetprofile_job_id_295f0359_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetversion
    ADD CONSTRAINT experiments_datasetv_created_by_id_03d6b1e4_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetversion
    ADD CONSTRAINT experiments_datasetv_dataset_id_7e2c4270_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasetversion
    ADD CONSTRAINT experiments_datasetv_original_id_c305ff2b_fk_artifacts FOREIGN KEY (original_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasource
    ADD CONSTRAINT experiments_datasour_created_by_id_fbe2d905_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasource
    ADD CONSTRAINT experiments_datasour_dataset_id_bd451df9_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasource
    ADD CONSTRAINT experiments_datasour_version_id_f1a7f779_fk_experimen FOREIGN KEY (version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_datasource
    ADD CONSTRAINT experiments_datasource_team_id_78cc8af9_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_evaluation
    ADD CONSTRAINT experiments_evaluation_job_id_263bcb88_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_evaluation
    ADD CONSTRAINT experiments_evaluation_run_id_5e441f04_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_experiment
    ADD CONSTRAINT experiments_experime_created_by_id_7a6e7047_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_experiment
    ADD CONSTRAINT experiments_experime_problem_id_80a347f2_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_experiment
    ADD CONSTRAINT experiments_experiment_team_id_bec72ee9_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_inputdataset
    ADD CONSTRAINT experiments_inputdat_experiment_id_c9c721ba_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_loggedmodel
    ADD CONSTRAINT experiments_loggedmo_created_by_id_918d2170_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_loggedmodel
    ADD CONSTRAINT experiments_loggedmo_experiment_id_fa76fce5_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_loggedmodelmetric
    ADD CONSTRAINT experiments_loggedmo_logged_model_id_56a81c9b_fk_experimen FOREIGN KEY (logged_model_id) REFERENCES public.experiments_loggedmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_loggedmodelmetric
    ADD CONSTRAINT experiments_loggedmo_run_id_2d538d94_fk_experimen FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_loggedmodel
    ADD CONSTRAINT experiments_loggedmo_source_run_id_c1cd4253_fk_experimen FOREIGN KEY (source_run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_outerfold
    ADD CONSTRAINT experiments_outerfold_job_id_d1fe2fb2_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_outerfold
    ADD CONSTRAINT experiments_outerfold_study_id_9c1caa26_fk_experiments_study_id FOREIGN KEY (study_id) REFERENCES public.experiments_study(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_problem
    ADD CONSTRAINT experiments_problem_created_by_id_d167339e_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_problem
    ADD CONSTRAINT experiments_problem_team_id_736da394_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_provenance
    ADD CONSTRAINT experiments_provenan_again_of_id_11a146b9_fk_experimen FOREIGN KEY (again_of_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_provenance
    ADD CONSTRAINT experiments_provenance_run_id_8d8cdd87_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_qualityalert
    ADD CONSTRAINT experiments_qualitya_closed_by_id_5a48512c_fk_accounts_ FOREIGN KEY (closed_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_qualityalert
    ADD CONSTRAINT experiments_qualitya_dataset_id_369b60e9_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_qualityalert
    ADD CONSTRAINT experiments_qualitya_problem_id_e617cfa7_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_qualityalert
    ADD CONSTRAINT experiments_qualitya_version_id_7ef3f20b_fk_experimen FOREIGN KEY (version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_qualityalert
    ADD CONSTRAINT experiments_qualityalert_team_id_ab0ef5c8_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_recipe
    ADD CONSTRAINT experiments_recipe_created_by_id_9e6771c8_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_recipe
    ADD CONSTRAINT experiments_recipe_problem_id_4ab4d382_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_recipe
    ADD CONSTRAINT experiments_recipe_team_id_786a48a4_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_recipeversion
    ADD CONSTRAINT experiments_recipeve_created_by_id_3b3fc36f_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_recipeversion
    ADD CONSTRAINT experiments_recipeve_recipe_id_c2e4a77f_fk_experimen FOREIGN KEY (recipe_id) REFERENCES public.experiments_recipe(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_created_by_id_065a04e8_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_dataset_version_id_bf654f18_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_experiment_id_af6f5396_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_job_id_aae55829_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_parent_id_d355b791_fk_experiments_run_id FOREIGN KEY (parent_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_run
    ADD CONSTRAINT experiments_run_problem_id_61c92978_fk_experiments_problem_id FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_artifact
    ADD CONSTRAINT experiments_runartif_file_id_8c8b1051_fk_artifacts FOREIGN KEY (file_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runinput
    ADD CONSTRAINT experiments_runinput_dataset_id_df3fe44a_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_inputdataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runinput
    ADD CONSTRAINT experiments_runinput_run_id_d722277d_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runmodel
    ADD CONSTRAINT experiments_runmodel_logged_model_id_5275dd35_fk_experimen FOREIGN KEY (logged_model_id) REFERENCES public.experiments_loggedmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runmodel
    ADD CONSTRAINT experiments_runmodel_run_id_47e135ff_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runrule_channels
    ADD CONSTRAINT experiments_runrule__channel_id_75eb0a1d_fk_notices_c FOREIGN KEY (channel_id) REFERENCES public.notices_channel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runrule_channels
    ADD CONSTRAINT experiments_runrule__runrule_id_3f1b4df1_fk_experimen FOREIGN KEY (runrule_id) REFERENCES public.experiments_runrule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runrule
    ADD CONSTRAINT experiments_runrule_created_by_id_9ca62f2d_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runrule
    ADD CONSTRAINT experiments_runrule_experiment_id_d0d5cb26_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runrule
    ADD CONSTRAINT experiments_runrule_team_id_e712c45f_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runtelling
    ADD CONSTRAINT experiments_runtelli_rule_id_5e22cd97_fk_experimen FOREIGN KEY (rule_id) REFERENCES public.experiments_runrule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runview
    ADD CONSTRAINT experiments_runview_created_by_id_5a37972c_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_runview
    ADD CONSTRAINT experiments_runview_experiment_id_88083f11_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_selectionstudy
    ADD CONSTRAINT experiments_selectio_created_by_id_d8d5162b_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_selectionstudy
    ADD CONSTRAINT experiments_selectio_dataset_version_id_bdeccce3_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_selectionstudy
    ADD CONSTRAINT experiments_selectio_problem_id_6fe45128_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_selectionstudy
    ADD CONSTRAINT experiments_selectionstudy_job_id_e2b1ee91_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_selectionstudy
    ADD CONSTRAINT experiments_selectionstudy_team_id_d5a4600c_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_created_by_id_c10306c7_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_dataset_version_id_3dbc8bcf_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_experiment_id_fedf2dbd_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_problem_id_60fd871e_fk_experiments_problem_id FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_run_id_18d1c818_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_team_id_08bfcb70_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_study
    ADD CONSTRAINT experiments_study_winner_id_94525698_fk_experiments_run_id FOREIGN KEY (winner_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_studylane
    ADD CONSTRAINT experiments_studylane_job_id_2877151d_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_studylane
    ADD CONSTRAINT experiments_studylane_study_id_e40ac4a0_fk_experiments_study_id FOREIGN KEY (study_id) REFERENCES public.experiments_study(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_testuse
    ADD CONSTRAINT experiments_testuse_dataset_version_id_b141753b_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_testuse
    ADD CONSTRAINT experiments_testuse_run_id_0139e832_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainer
    ADD CONSTRAINT experiments_trainer_archive_id_c30f8b25_fk_artifacts FOREIGN KEY (archive_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainer
    ADD CONSTRAINT experiments_trainer_created_by_id_6786e189_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainer
    ADD CONSTRAINT experiments_trainer_team_id_b9acf9f8_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainingschedule
    ADD CONSTRAINT experiments_training_created_by_id_edb4c439_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainingschedule
    ADD CONSTRAINT experiments_training_dataset_id_37dd095c_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainingschedule
    ADD CONSTRAINT experiments_training_last_experiment_id_b053aad6_fk_experimen FOREIGN KEY (last_experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainingschedule
    ADD CONSTRAINT experiments_training_last_version_id_edd2c685_fk_experimen FOREIGN KEY (last_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trainingschedule
    ADD CONSTRAINT experiments_training_problem_id_709619dc_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trial
    ADD CONSTRAINT experiments_trial_run_id_f503b5d2_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_trial
    ADD CONSTRAINT experiments_trial_study_id_1257c1a9_fk_experiments_study_id FOREIGN KEY (study_id) REFERENCES public.experiments_study(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_versioncomparison
    ADD CONSTRAINT experiments_versionc_earlier_id_943e9f03_fk_experimen FOREIGN KEY (earlier_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_versioncomparison
    ADD CONSTRAINT experiments_versionc_version_id_a6ca27b7_fk_experimen FOREIGN KEY (version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.experiments_versioncomparison
    ADD CONSTRAINT experiments_versioncomparison_job_id_d797d394_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_budget
    ADD CONSTRAINT jobs_budget_changed_by_id_64b33cd0_fk_accounts_user_id FOREIGN KEY (changed_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_budget
    ADD CONSTRAINT jobs_budget_team_id_c45dcf03_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_job
    ADD CONSTRAINT jobs_job_created_by_id_f3283268_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_job
    ADD CONSTRAINT jobs_job_team_id_c38d3640_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_joblog
    ADD CONSTRAINT jobs_joblog_job_id_ae8f8e96_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_jobsamples
    ADD CONSTRAINT jobs_jobsamples_job_id_ea76e518_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_schedule
    ADD CONSTRAINT jobs_schedule_last_job_id_ea2e5cec_fk_jobs_job_id FOREIGN KEY (last_job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_schedule
    ADD CONSTRAINT jobs_schedule_team_id_94d8e183_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.jobs_teamload
    ADD CONSTRAINT jobs_teamload_team_id_6371aaf4_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_alias
    ADD CONSTRAINT models_app_alias_model_id_3d41eb84_fk_models_ap FOREIGN KEY (model_id) REFERENCES public.models_app_registeredmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_alias
    ADD CONSTRAINT models_app_alias_version_id_8f32b1b4_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_aliasmove
    ADD CONSTRAINT models_app_aliasmove_team_id_032f885a_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_approvalpolicy_reviewers
    ADD CONSTRAINT models_app_approvalp_approvalpolicy_id_5cf88fdb_fk_models_ap FOREIGN KEY (approvalpolicy_id) REFERENCES public.models_app_approvalpolicy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_approvalpolicy_channels
    ADD CONSTRAINT models_app_approvalp_approvalpolicy_id_9f97f160_fk_models_ap FOREIGN KEY (approvalpolicy_id) REFERENCES public.models_app_approvalpolicy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_approvalpolicy_channels
    ADD CONSTRAINT models_app_approvalp_channel_id_75b629d1_fk_notices_c FOREIGN KEY (channel_id) REFERENCES public.notices_channel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_approvalpolicy
    ADD CONSTRAINT models_app_approvalp_model_id_a260a37a_fk_models_ap FOREIGN KEY (model_id) REFERENCES public.models_app_registeredmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_approvalpolicy
    ADD CONSTRAINT models_app_approvalp_updated_by_id_ba283894_fk_accounts_ FOREIGN KEY (updated_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_approvalpolicy_reviewers
    ADD CONSTRAINT models_app_approvalp_user_id_58a789be_fk_accounts_ FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_awaitedalias
    ADD CONSTRAINT models_app_awaitedal_asked_by_id_d775efce_fk_accounts_ FOREIGN KEY (asked_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_awaitedalias
    ADD CONSTRAINT models_app_awaitedal_model_id_fd1ea9ab_fk_models_ap FOREIGN KEY (model_id) REFERENCES public.models_app_registeredmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_awaitedalias
    ADD CONSTRAINT models_app_awaitedal_version_id_b3da8e48_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_cardtext
    ADD CONSTRAINT models_app_cardtext_updated_by_id_1072ff13_fk_accounts_user_id FOREIGN KEY (updated_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_cardtext
    ADD CONSTRAINT models_app_cardtext_version_id_88866dff_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_compilation
    ADD CONSTRAINT models_app_compilati_file_id_3c216d07_fk_artifacts FOREIGN KEY (file_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_compilation
    ADD CONSTRAINT models_app_compilati_version_id_0d144934_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_compilation
    ADD CONSTRAINT models_app_compilation_job_id_f2b9ecc2_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_decided_by_id_fc709a93_fk_accounts_user_id FOREIGN KEY (decided_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_example_id_4f3288b3_fk_artifacts FOREIGN KEY (example_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_file_id_4b4d8ac9_fk_artifacts_storedfile_id FOREIGN KEY (file_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_job_id_5a8e0db3_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_mlmodel_id_7ab5ac4d_fk_artifacts FOREIGN KEY (mlmodel_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_intake
    ADD CONSTRAINT models_app_intake_version_id_76aec5b1_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_loadverdict
    ADD CONSTRAINT models_app_loadverdi_version_id_7dc6856c_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelfile
    ADD CONSTRAINT models_app_modelfile_file_id_cdae8b87_fk_artifacts FOREIGN KEY (file_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelfile
    ADD CONSTRAINT models_app_modelfile_version_id_4a6d8b17_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelgate
    ADD CONSTRAINT models_app_modelgate_model_id_f931367b_fk_models_ap FOREIGN KEY (model_id) REFERENCES public.models_app_registeredmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelgate
    ADD CONSTRAINT models_app_modelgate_updated_by_id_470fb80f_fk_accounts_user_id FOREIGN KEY (updated_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modeltestrun
    ADD CONSTRAINT models_app_modeltest_champion_id_595255fa_fk_models_ap FOREIGN KEY (champion_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modeltestrun
    ADD CONSTRAINT models_app_modeltest_created_by_id_5d634d74_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modeltestresult
    ADD CONSTRAINT models_app_modeltest_run_id_1715a729_fk_models_ap FOREIGN KEY (run_id) REFERENCES public.models_app_modeltestrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modeltestrun
    ADD CONSTRAINT models_app_modeltest_version_id_301eeb73_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modeltestrun
    ADD CONSTRAINT models_app_modeltestrun_job_id_0e71ffee_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelversion
    ADD CONSTRAINT models_app_modelvers_created_by_id_6761d00a_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelversion
    ADD CONSTRAINT models_app_modelvers_logged_model_id_48caa1e0_fk_experimen FOREIGN KEY (logged_model_id) REFERENCES public.experiments_loggedmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelversion
    ADD CONSTRAINT models_app_modelvers_model_id_f8820b58_fk_models_ap FOREIGN KEY (model_id) REFERENCES public.models_app_registeredmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_modelversion
    ADD CONSTRAINT models_app_modelversion_run_id_6f5226b2_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_optimisation
    ADD CONSTRAINT models_app_optimisat_created_by_id_bb1ad922_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_optimisation
    ADD CONSTRAINT models_app_optimisat_version_id_a084bc3e_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_optimisation
    ADD CONSTRAINT models_app_optimisation_job_id_b9c846e2_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_optimisedcandidate
    ADD CONSTRAINT models_app_optimised_optimisation_id_5e589bcd_fk_models_ap FOREIGN KEY (optimisation_id) REFERENCES public.models_app_optimisation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_optimisedcandidate
    ADD CONSTRAINT models_app_optimised_run_id_4ebda5ff_fk_experimen FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_optimisedcandidate
    ADD CONSTRAINT models_app_optimised_version_id_373c49c7_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_promotionrequest
    ADD CONSTRAINT models_app_promotion_decided_by_id_8772e987_fk_accounts_ FOREIGN KEY (decided_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_promotionrequest
    ADD CONSTRAINT models_app_promotion_model_id_0700fd95_fk_models_ap FOREIGN KEY (model_id) REFERENCES public.models_app_registeredmodel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_promotionreview
    ADD CONSTRAINT models_app_promotion_request_id_bc6169ba_fk_models_ap FOREIGN KEY (request_id) REFERENCES public.models_app_promotionrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_promotionrequest
    ADD CONSTRAINT models_app_promotion_requested_by_id_1af2f084_fk_accounts_ FOREIGN KEY (requested_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_promotionrequest
    ADD CONSTRAINT models_app_promotion_version_id_b6dc79f1_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_promotionreview
    ADD CONSTRAINT models_app_promotionreview_user_id_cda2c65c_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_registeredmodel
    ADD CONSTRAINT models_app_registere_created_by_id_e6cd1ce4_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_registeredmodel
    ADD CONSTRAINT models_app_registere_problem_id_267aa6b8_fk_experimen FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_registeredmodel
    ADD CONSTRAINT models_app_registeredmodel_team_id_8cd98ae5_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_webhook
    ADD CONSTRAINT models_app_webhook_created_by_id_23539e1b_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_webhook
    ADD CONSTRAINT models_app_webhook_team_id_7796a269_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_webhookdelivery
    ADD CONSTRAINT models_app_webhookde_replay_of_id_2e230034_fk_models_ap FOREIGN KEY (replay_of_id) REFERENCES public.models_app_webhookdelivery(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.models_app_webhookdelivery
    ADD CONSTRAINT models_app_webhookde_webhook_id_0b330c0b_fk_models_ap FOREIGN KEY (webhook_id) REFERENCES public.models_app_webhook(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_channel
    ADD CONSTRAINT notices_channel_created_by_id_5075cc5d_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_channel
    ADD CONSTRAINT notices_channel_team_id_d6b753cd_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_delivery
    ADD CONSTRAINT notices_delivery_channel_id_b28acf13_fk_notices_channel_id FOREIGN KEY (channel_id) REFERENCES public.notices_channel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_delivery
    ADD CONSTRAINT notices_delivery_created_by_id_17e50903_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_delivery
    ADD CONSTRAINT notices_delivery_notice_id_2d5dfa0c_fk_notices_notice_id FOREIGN KEY (notice_id) REFERENCES public.notices_notice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_delivery
    ADD CONSTRAINT notices_delivery_replay_of_id_c195f92d_fk_notices_delivery_id FOREIGN KEY (replay_of_id) REFERENCES public.notices_delivery(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_inboxentry
    ADD CONSTRAINT notices_inboxentry_notice_id_59d2df50_fk_notices_notice_id FOREIGN KEY (notice_id) REFERENCES public.notices_notice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_inboxentry
    ADD CONSTRAINT notices_inboxentry_team_id_a5750c03_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_inboxentry
    ADD CONSTRAINT notices_inboxentry_user_id_862c777f_fk_accounts_user_id FOREIGN KEY (user_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.notices_notice
    ADD CONSTRAINT notices_notice_team_id_f2eb97d1_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE public.serving_prediction
    ADD CONSTRAINT prediction_of_endpoint FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE public.serving_prediction
    ADD CONSTRAINT prediction_of_version FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_abtest
    ADD CONSTRAINT serving_abtest_created_by_id_c1d44f1c_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_abtest
    ADD CONSTRAINT serving_abtest_endpoint_id_6f78e83f_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_abtestlook
    ADD CONSTRAINT serving_abtestlook_test_id_193720d2_fk_serving_abtest_id FOREIGN KEY (test_id) REFERENCES public.serving_abtest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_abteststep
    ADD CONSTRAINT serving_abteststep_test_id_8444d7d3_fk_serving_abtest_id FOREIGN KEY (test_id) REFERENCES public.serving_abtest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_alertevent
    ADD CONSTRAINT serving_alertevent_notice_id_806f170e_fk_notices_notice_id FOREIGN KEY (notice_id) REFERENCES public.notices_notice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_alertevent
    ADD CONSTRAINT serving_alertevent_rule_id_04c2e67d_fk_serving_alertrule_id FOREIGN KEY (rule_id) REFERENCES public.serving_alertrule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_alertrule_channels
    ADD CONSTRAINT serving_alertrule_ch_alertrule_id_5f8d13d9_fk_serving_a FOREIGN KEY (alertrule_id) REFERENCES public.serving_alertrule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_alertrule_channels
    ADD CONSTRAINT serving_alertrule_ch_channel_id_b160bc39_fk_notices_c FOREIGN KEY (channel_id) REFERENCES public.notices_channel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_alertrule
    ADD CONSTRAINT serving_alertrule_created_by_id_58d8e82a_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_alertrule
    ADD CONSTRAINT serving_alertrule_endpoint_id_a8f25443_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_answercount
    ADD CONSTRAINT serving_answercount_endpoint_id_8f8f5272_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_created_by_id_5ce488ab_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_dataset_version_id_4d16ccdc_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_endpoint_id_d8fcb686_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_job_id_5c936dc8_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_result_id_12b29c42_fk_artifacts_storedfile_id FOREIGN KEY (result_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_result_version_id_a860a476_fk_experimen FOREIGN KEY (result_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_batch
    ADD CONSTRAINT serving_batch_version_id_6c583c6c_fk_models_app_modelversion_id FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftbaseline
    ADD CONSTRAINT serving_driftbaselin_dataset_version_id_54397d4c_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftbaseline
    ADD CONSTRAINT serving_driftbaselin_version_id_262f42f2_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftbaseline
    ADD CONSTRAINT serving_driftbaseline_job_id_5af08d2f_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftcheck
    ADD CONSTRAINT serving_driftcheck_created_by_id_27134b64_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftcheck
    ADD CONSTRAINT serving_driftcheck_endpoint_id_abc8c67e_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftcheck
    ADD CONSTRAINT serving_driftcheck_job_id_e38372bd_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftcheck
    ADD CONSTRAINT serving_driftcheck_version_id_130cd10a_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftcount
    ADD CONSTRAINT serving_driftcount_endpoint_id_aecdba1f_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftcount
    ADD CONSTRAINT serving_driftcount_version_id_d77a0e60_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_driftwatch
    ADD CONSTRAINT serving_driftwatch_endpoint_id_bccd5c93_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpoint
    ADD CONSTRAINT serving_endpoint_created_by_id_5daebcc5_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpoint
    ADD CONSTRAINT serving_endpoint_problem_id_5afdb938_fk_experiments_problem_id FOREIGN KEY (problem_id) REFERENCES public.experiments_problem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpoint
    ADD CONSTRAINT serving_endpoint_team_id_8d439315_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpointmove
    ADD CONSTRAINT serving_endpointmove_team_id_b9801555_fk_accounts_team_id FOREIGN KEY (team_id) REFERENCES public.accounts_team(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpointreading
    ADD CONSTRAINT serving_endpointread_endpoint_id_d47c5e1f_fk_serving_e FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpointreport
    ADD CONSTRAINT serving_endpointrepo_created_by_id_10e05f89_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpointreport
    ADD CONSTRAINT serving_endpointrepo_endpoint_id_8fe228d6_fk_serving_e FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_endpointreport
    ADD CONSTRAINT serving_endpointreport_job_id_27933269_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_feedback
    ADD CONSTRAINT serving_feedback_endpoint_id_82b5eaf6_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_adopted_by_id_1e4973a1_fk_accounts_user_id FOREIGN KEY (adopted_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_created_by_id_ea2a5e2f_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_dataset_version_id_4fbc6ce3_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_endpoint_id_7278e7e0_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_job_id_e29169e1_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_improvement
    ADD CONSTRAINT serving_improvement_version_id_f59358b2_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_loadtest
    ADD CONSTRAINT serving_loadtest_created_by_id_d40560a8_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_loadtest
    ADD CONSTRAINT serving_loadtest_endpoint_id_c4eb1103_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_loadtest
    ADD CONSTRAINT serving_loadtest_job_id_7bc97923_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_loadtest
    ADD CONSTRAINT serving_loadtest_run_id_a304715c_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_loadtest
    ADD CONSTRAINT serving_loadtest_version_id_1e49f451_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_logcount
    ADD CONSTRAINT serving_logcount_endpoint_id_b82e48d6_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_reportschedule_channels
    ADD CONSTRAINT serving_reportschedu_channel_id_9241cf3a_fk_notices_c FOREIGN KEY (channel_id) REFERENCES public.notices_channel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_reportschedule
    ADD CONSTRAINT serving_reportschedu_endpoint_id_eacc7941_fk_serving_e FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_reportschedule_channels
    ADD CONSTRAINT serving_reportschedu_reportschedule_id_4f77cabe_fk_serving_r FOREIGN KEY (reportschedule_id) REFERENCES public.serving_reportschedule(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_challenger_id_f15e3fed_fk_models_ap FOREIGN KEY (challenger_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_champion_id_c7b4a7b4_fk_models_ap FOREIGN KEY (champion_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_created_by_id_8900b266_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_dataset_version_id_06d12ca5_fk_experimen FOREIGN KEY (dataset_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_decided_by_id_a673aeca_fk_accounts_user_id FOREIGN KEY (decided_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_endpoint_id_d90b9363_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_held_out_id_45a2a11d_fk_artifacts FOREIGN KEY (held_out_id) REFERENCES public.artifacts_storedfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_original_version_id_acbb1319_fk_experimen FOREIGN KEY (original_version_id) REFERENCES public.experiments_datasetversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_run_id_47199931_fk_experiments_run_id FOREIGN KEY (run_id) REFERENCES public.experiments_run(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_shadow_id_9378241c_fk_serving_shadow_id FOREIGN KEY (shadow_id) REFERENCES public.serving_shadow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_study_id_cd46fc3e_fk_experiments_study_id FOREIGN KEY (study_id) REFERENCES public.experiments_study(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retraining
    ADD CONSTRAINT serving_retraining_test_id_99735db8_fk_serving_abtest_id FOREIGN KEY (test_id) REFERENCES public.serving_abtest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingpolicy_channels
    ADD CONSTRAINT serving_retrainingpo_channel_id_c30a2f9b_fk_notices_c FOREIGN KEY (channel_id) REFERENCES public.notices_channel(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingpolicy
    ADD CONSTRAINT serving_retrainingpo_created_by_id_4125ff59_fk_accounts_ FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingpolicy
    ADD CONSTRAINT serving_retrainingpo_dataset_id_6492994a_fk_experimen FOREIGN KEY (dataset_id) REFERENCES public.experiments_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingpolicy
    ADD CONSTRAINT serving_retrainingpo_endpoint_id_6bb4beee_fk_serving_e FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingpolicy
    ADD CONSTRAINT serving_retrainingpo_experiment_id_82c0e040_fk_experimen FOREIGN KEY (experiment_id) REFERENCES public.experiments_experiment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingpolicy_channels
    ADD CONSTRAINT serving_retrainingpo_retrainingpolicy_id_1be06735_fk_serving_r FOREIGN KEY (retrainingpolicy_id) REFERENCES public.serving_retrainingpolicy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingstep
    ADD CONSTRAINT serving_retrainingst_retraining_id_06758252_fk_serving_r FOREIGN KEY (retraining_id) REFERENCES public.serving_retraining(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_retrainingstep
    ADD CONSTRAINT serving_retrainingstep_job_id_bac5ff77_fk_jobs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs_job(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_shadow
    ADD CONSTRAINT serving_shadow_created_by_id_221f9d8d_fk_accounts_user_id FOREIGN KEY (created_by_id) REFERENCES public.accounts_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_shadow
    ADD CONSTRAINT serving_shadow_endpoint_id_6336667b_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_shadow
    ADD CONSTRAINT serving_shadow_version_id_b6be1b71_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_shadowanswer
    ADD CONSTRAINT serving_shadowanswer_shadow_id_7e828151_fk_serving_shadow_id FOREIGN KEY (shadow_id) REFERENCES public.serving_shadow(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_uncountedpredictions
    ADD CONSTRAINT serving_uncountedpre_endpoint_id_c1e92133_fk_serving_e FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_uncountedpredictions
    ADD CONSTRAINT serving_uncountedpre_version_id_13715cd8_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_unitfeedback
    ADD CONSTRAINT serving_unitfeedback_endpoint_id_4002216c_fk_serving_e FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_variant
    ADD CONSTRAINT serving_variant_endpoint_id_2cc052e3_fk_serving_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.serving_endpoint(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.serving_variant
    ADD CONSTRAINT serving_variant_version_id_949bc3eb_fk_models_ap FOREIGN KEY (version_id) REFERENCES public.models_app_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
