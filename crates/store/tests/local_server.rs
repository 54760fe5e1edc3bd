//! The managed local PostgreSQL against the real thing: starts, stops, kills, and everything that may be in its way.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    env,
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tradepost_store::local::{Durability, LocalServer, LocalServerConfig, LocalServerError};

/// Tells `process_that_holds_a_server` which folder to hold.
const HOLD: &str = "TRADEPOST_TEST_HOLD_SERVER_IN";

/// A folder that every account may pass, unlike what `tempfile` makes.
fn passable_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

fn durable(dir: &Path) -> LocalServerConfig {
    LocalServerConfig { max_connections: 20, ..LocalServerConfig::new(dir, Durability::Durable) }
}

fn disposable(dir: &Path) -> LocalServerConfig {
    LocalServerConfig { max_connections: 20, ..LocalServerConfig::new(dir, Durability::Disposable) }
}

fn sql(server: &LocalServer, statement: &str) -> String {
    psql(server.bin_dir(), &server.url("postgres"), statement)
}

fn psql(bin_dir: &Path, url: &str, statement: &str) -> String {
    let output = Command::new(bin_dir.join("psql"))
        .args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement])
        .output()
        .unwrap();
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The processes of any PostgreSQL, by the cluster that they work in or are still making.
fn postgres_processes(dir: &Path) -> Vec<u32> {
    let clusters: Vec<_> = ["data", "data.new"]
        .iter()
        .filter_map(|name| fs::metadata(dir.join(name)).ok())
        .map(|data| (data.dev(), data.ino()))
        .collect();
    let pids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        fs::metadata(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| clusters.contains(&(cwd.dev(), cwd.ino())))
    })
    .collect()
}

fn wait_until_no_postgres(dir: &Path, patience: Duration) {
    let begun = Instant::now();
    while !postgres_processes(dir).is_empty() {
        assert!(begun.elapsed() < patience, "still there: {:?}", postgres_processes(dir));
        sleep(Duration::from_millis(20));
    }
}

/// A process of its own that starts a server in `dir`, and then does nothing until it is killed.
fn hold(dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["a_server_runs_until_it_is_dropped", "--exact", "--nocapture", "--test-threads=1"])
        .env(HOLD, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The connection string and the folder of binaries, once the server of `holder` is ready.
fn ready(holder: &mut Child) -> (String, PathBuf) {
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut find = |key: &str| {
        lines
            .find_map(|line| line.split_once(key).map(|(_, value)| value.to_owned()))
            .expect("the holder failed")
    };
    (find("server-url="), find("server-bin=").into())
}

fn kill_nine(mut holder: Child) {
    holder.kill().unwrap();
    holder.wait().unwrap();
}

/// The other tests run this one with `HOLD` set as a process of its own, to be killed.
#[test]
fn a_server_runs_until_it_is_dropped() {
    if let Some(dir) = env::var_os(HOLD) {
        let server = LocalServer::start(&durable(Path::new(&dir))).unwrap();
        println!("\nserver-url={}\nserver-bin={}", server.url("postgres"), server.bin_dir().display());
        loop {
            std::thread::park();
        }
    }
    let folder = passable_folder();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    assert!(postgres_processes(folder.path()).contains(&server.pid()));
    drop(server);
    wait_until_no_postgres(folder.path(), Duration::ZERO);
}

#[test]
fn a_second_start_continues_quickly_with_the_same_data() {
    let folder = passable_folder();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    sql(&server, "create table kept (n int); insert into kept values (42)");
    let first_pid = server.pid();
    server.stop().unwrap();
    wait_until_no_postgres(folder.path(), Duration::ZERO);

    let begun = Instant::now();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    let took = begun.elapsed();
    println!("warm start took {took:?}");
    assert!(took < Duration::from_secs(1), "a warm start took {took:?}");
    assert_eq!(sql(&server, "select n from kept"), "42");
    assert_ne!(server.pid(), first_pid);
    assert!(server.major_version() >= 15);
}

#[test]
fn a_server_for_a_shop_keeps_what_is_committed_and_listens_on_its_socket_only() {
    let folder = passable_folder();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    let settings = "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in \
                    ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses', 'jit', \
                     'max_connections', 'TimeZone', 'server_encoding', 'lc_collate')";
    let shown = sql(&server, settings);
    for expected in [
        "data_checksums=on",
        "fsync=on",
        "full_page_writes=on",
        "jit=off",
        "listen_addresses= ",
        "max_connections=20",
        "server_encoding=UTF8",
        "synchronous_commit=on",
        "TimeZone=UTC",
    ] {
        assert!(shown.contains(expected), "{expected} is missing in {shown}");
    }
    assert_eq!(sql(&server, "select lower('ÉCLAIR'), 'Z' < 'a'"), "éclair|t");
    let data = fs::metadata(folder.path().join("data")).unwrap();
    let socket = fs::metadata(server.socket_dir()).unwrap();
    assert_eq!((data.mode() & 0o777, socket.mode() & 0o777), (0o700, 0o700));
}

#[test]
fn a_server_for_tests_does_not_wait_for_the_disk_and_takes_further_settings() {
    let folder = passable_folder();
    let mut config = disposable(folder.path());
    config.settings.push(("deadlock_timeout".to_owned(), "10ms".to_owned()));
    let server = LocalServer::start(&config).unwrap();
    assert_eq!(sql(&server, "show fsync"), "off");
    assert_eq!(sql(&server, "show full_page_writes"), "off");
    assert_eq!(sql(&server, "show deadlock_timeout"), "10ms");
}

#[test]
fn a_dropped_server_is_gone() {
    let folder = passable_folder();
    let server = LocalServer::start(&disposable(folder.path())).unwrap();
    assert!(!postgres_processes(folder.path()).is_empty());
    drop(server);
    wait_until_no_postgres(folder.path(), Duration::ZERO);
}

#[test]
fn kill_nine_leaves_no_postgres_and_loses_nothing_committed() {
    let folder = passable_folder();
    let mut holder = hold(folder.path());
    let (url, bin_dir) = ready(&mut holder);
    psql(&bin_dir, &url, "create table kept (n int); insert into kept select generate_series(1, 1000)");
    // A statement that runs on must not keep the server alive.
    let mut busy = Command::new(bin_dir.join("psql"))
        .args(["-X", "-d", &url, "-c", "begin; insert into kept values (0); select pg_sleep(600)"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let sleepers = "select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)' \
                    and pid <> pg_backend_pid()";
    while psql(&bin_dir, &url, sleepers) != "1" {
        sleep(Duration::from_millis(10));
    }
    assert!(!postgres_processes(folder.path()).is_empty());

    kill_nine(holder);
    wait_until_no_postgres(folder.path(), Duration::from_secs(5));
    busy.wait().unwrap();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    assert_eq!(sql(&server, "select count(*), min(n) from kept"), "1000|1");
}

#[test]
fn a_start_right_after_kill_nine_waits_for_the_old_server_and_succeeds() {
    let folder = passable_folder();
    for round in 0..5 {
        let mut holder = hold(folder.path());
        let (url, bin_dir) = ready(&mut holder);
        psql(&bin_dir, &url, "create table if not exists kept (n int)");
        psql(&bin_dir, &url, &format!("insert into kept values ({round})"));
        kill_nine(holder);
    }
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    assert_eq!(sql(&server, "select count(*) from kept"), "5");
}

#[test]
fn kill_nine_at_any_moment_leaves_a_folder_that_starts_again() {
    // From before the first lock over initdb to a running server; the last ones on a folder that may be whole.
    for delays_ms in [&[0, 3, 20, 90, 250, 400, 520, 610, 700, 1500][..], &[640, 30, 60, 90, 120, 5]] {
        let folder = passable_folder();
        for delay in delays_ms {
            let holder = hold(folder.path());
            sleep(Duration::from_millis(*delay));
            kill_nine(holder);
        }
        let server = LocalServer::start(&durable(folder.path())).unwrap();
        assert_eq!(sql(&server, "select 1"), "1");
        assert!(!folder.path().join("data.new").exists());
        server.stop().unwrap();
        wait_until_no_postgres(folder.path(), Duration::ZERO);
    }
}

#[test]
fn a_killed_postmaster_is_told_of_and_recovered_from() {
    let folder = passable_folder();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    sql(&server, "create table kept (n int); insert into kept values (7)");
    let status = Command::new("kill").args(["-KILL", &server.pid().to_string()]).status().unwrap();
    assert!(status.success());
    let error = server.stop().unwrap_err();
    assert!(matches!(error, LocalServerError::EndedBadly { .. }), "{error}");
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    assert_eq!(sql(&server, "select n from kept"), "7");
}

#[test]
fn a_server_that_is_killed_while_it_is_needed_is_started_again_with_what_it_kept() {
    let folder = passable_folder();
    let server = LocalServer::start(&durable(folder.path())).unwrap();
    sql(&server, "create table kept (n int); insert into kept values (7)");
    let first_pid = server.pid();
    assert!(Command::new("kill").args(["-KILL", &first_pid.to_string()]).status().unwrap().success());
    let begun = std::time::Instant::now();
    while server.pid() == first_pid {
        assert!(begun.elapsed() < Duration::from_mins(1), "it was not started again");
        sleep(Duration::from_millis(20));
    }
    assert_eq!(sql(&server, "select n from kept"), "7");
    server.stop().unwrap();
    wait_until_no_postgres(folder.path(), Duration::ZERO);
}

#[test]
fn a_folder_in_use_is_refused_with_the_process_that_uses_it() {
    let folder = passable_folder();
    let mut holder = hold(folder.path());
    let (url, bin_dir) = ready(&mut holder);
    let error = LocalServer::start(&durable(folder.path())).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&format!("in use by process {}", holder.id())), "{message}");
    assert_eq!(psql(&bin_dir, &url, "select 'undisturbed'"), "undisturbed");
    kill_nine(holder);
    wait_until_no_postgres(folder.path(), Duration::from_secs(5));
}

#[test]
fn a_cluster_of_another_major_version_is_refused_with_the_package_to_install() {
    let folder = passable_folder();
    LocalServer::start(&disposable(folder.path())).unwrap().stop().unwrap();
    fs::write(folder.path().join("data/PG_VERSION"), "11\n").unwrap();
    let message = LocalServer::start(&disposable(folder.path())).unwrap_err().to_string();
    assert!(
        message.contains("PostgreSQL 11") && message.contains("apt-get install postgresql-11"),
        "{message}"
    );
}

#[test]
fn a_stale_pid_file_that_names_a_strangers_process_does_not_hinder() {
    let folder = passable_folder();
    LocalServer::start(&disposable(folder.path())).unwrap().stop().unwrap();
    // As after a crash of the machine: the number belongs to someone else by now.
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    let data = folder.path().join("data");
    let stale = format!("{}\n{}\n1\n5432\n/nowhere\n\n 1 1\nready   \n", stranger.id(), data.display());
    fs::write(data.join("postmaster.pid"), stale).unwrap();
    let server = LocalServer::start(&disposable(folder.path())).unwrap();
    assert_eq!(sql(&server, "select 1"), "1");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_start_that_fails_shows_the_end_of_the_servers_log() {
    let folder = passable_folder();
    let mut config = disposable(folder.path());
    config.settings.push(("shared_buffers".to_owned(), "plenty".to_owned()));
    let message = LocalServer::start(&config).unwrap_err().to_string();
    assert!(message.contains("server.log") && message.contains("\"plenty\""), "{message}");
    LocalServer::start(&disposable(folder.path())).unwrap();
}

#[test]
fn a_path_too_long_for_a_socket_and_hard_to_quote_works() {
    let folder = passable_folder();
    let dir = folder.path().join("it's a, \"long\" way").join("x".repeat(120));
    let server = LocalServer::start(&disposable(&dir)).unwrap();
    assert!(!server.socket_dir().starts_with(folder.path()));
    assert_eq!(sql(&server, "select 1"), "1");
    let socket_dir = server.socket_dir().to_owned();
    server.stop().unwrap();
    assert!(!socket_dir.exists(), "{} was left behind", socket_dir.display());
}

#[test]
fn a_path_with_spaces_and_quotes_works() {
    let folder = passable_folder();
    let server = LocalServer::start(&disposable(&folder.path().join("Anna's shop"))).unwrap();
    assert!(server.socket_dir().starts_with(folder.path()));
    assert_eq!(sql(&server, "select 1"), "1");
    // The shop's driver reads the string by rules of its own.
    let read: tokio_postgres::Config = server.url("anna's").parse().unwrap();
    assert_eq!(read.get_hosts(), [tokio_postgres::config::Host::Unix(server.socket_dir().to_owned())]);
    assert_eq!((read.get_user(), read.get_dbname()), (Some("postgres"), Some("anna's")));
}

#[test]
fn a_folder_below_a_private_one_works() {
    // Like a checkout in /root: as root, the account of the server cannot pass the parent.
    let private = tempfile::tempdir().unwrap();
    fs::set_permissions(private.path(), Permissions::from_mode(0o700)).unwrap();
    let dir = private.path().join("checkout/data");
    let mut holder = hold(&dir);
    let (url, bin_dir) = ready(&mut holder);
    psql(&bin_dir, &url, "create table kept (n int); insert into kept values (5); checkpoint");
    psql(&bin_dir, &url, "select pg_reload_conf()");
    kill_nine(holder);
    wait_until_no_postgres(&dir, Duration::from_secs(5));
    let server = LocalServer::start(&durable(&dir)).unwrap();
    assert_eq!(sql(&server, "select n from kept"), "5");
    assert_eq!(fs::metadata(private.path()).unwrap().mode() & 0o777, 0o700);
}
