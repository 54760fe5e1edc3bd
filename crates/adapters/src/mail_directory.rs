//! Mails as files in a folder, for a shop that is tried out: nothing leaves the machine, and whoever runs it can read them.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tradepost_port::{BoxFuture, IdSource, Mail, MailError, Mailer};

/// A folder of mails in the order in which they were sent: each a text, and beside it a page where it has one.
#[derive(Clone)]
pub struct MailDirectory {
    folder: PathBuf,
    ids: Arc<dyn IdSource>,
}

impl std::fmt::Debug for MailDirectory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MailDirectory").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl MailDirectory {
    /// Keeps mails in `folder`, which is made when the first one is sent.
    pub fn new(folder: impl Into<PathBuf>, ids: Arc<dyn IdSource>) -> Self {
        Self { folder: folder.into(), ids }
    }
}

/// Links in mails open accounts: the file is its owner's alone.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file =
        std::fs::File::options().write(true).create_new(true).mode(0o600).open(folder.join(name))?;
    io::Write::write_all(&mut file, text.as_bytes())
}

impl Mailer for MailDirectory {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(async move {
            let name = self.ids.next_uuid();
            let folder = self.folder.clone();
            let written = tokio::task::spawn_blocking(move || {
                // The page first: whoever sees the text finds the page beside it.
                if let Some(html) = &mail.html {
                    write(&folder, &format!("{name}.html"), html)?;
                }
                let text = format!("To: {}\nSubject: {}\n\n{}", mail.to, mail.subject, mail.body);
                write(&folder, &format!("{name}.txt"), &text)
            });
            let written = written.await;
            let unavailable = |error: &dyn std::fmt::Display| MailError::Unavailable(error.to_string());
            written.map_err(|error| unavailable(&error))?.map_err(|error| unavailable(&error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use tradepost_port::fake::CountingIds;

    #[tokio::test]
    async fn a_mail_is_a_file_that_its_owner_alone_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let mails = MailDirectory::new(folder.path().join("mail"), Arc::new(CountingIds::default()));
        let mail = |subject: &str| Mail {
            to: "ada@example.com".parse().unwrap(),
            subject: subject.to_owned(),
            body: "Hello\n".to_owned(),
            html: (subject == "Two").then(|| "<p>Hello".to_owned()),
            id: uuid::Uuid::nil(),
        };
        mails.send(mail("One")).await.unwrap();
        mails.send(mail("Two")).await.unwrap();
        let mut files: Vec<_> = std::fs::read_dir(folder.path().join("mail"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let texts: Vec<_> = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        assert_eq!(texts[0], "To: ada@example.com\nSubject: One\n\nHello\n");
        assert_eq!(texts[1], "<p>Hello");
        assert!(texts[2].contains("Subject: Two"));
        assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
