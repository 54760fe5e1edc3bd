//! Why an import stopped, what that means for its run, and how people are told.

use tradepost_domain::kernel::ids::ImportId;
use tradepost_store::StoreError;

use super::record::ReadError;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No currency was given, and there is no default channel that has one.
    #[error("no currency for the prices of the file: give one, or make a default channel")]
    NoCurrency,
    /// The run does not exist or has ended.
    #[error("the run {0} does not exist or has ended")]
    RunEnded(ImportId),
    /// Another process works on the same run.
    #[error("another process is importing this file: run {0}")]
    AlreadyRunning(ImportId),
    /// Another process continues the same run.
    #[error("another process has taken the run over")]
    TakenOver,
    /// Staff have canceled the run.
    #[error("the import was canceled; what it had imported stays")]
    Canceled,
    /// Others changed the same products again and again.
    #[error("the same products were changed by others at the same time, again and again: try again")]
    Contended,
    /// The thread that read the file is gone.
    #[error("reading the file was broken off")]
    ReaderGone,
}

impl ImportError {
    /// Whether it passes by itself: the same run goes on when it is taken up again later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_unavailable() || error.is_retryable(),
            Self::Contended => true,
            _ => false,
        }
    }

    /// Whether the disk of the database is full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_disk_full())
    }

    /// Whether the file itself is to blame, so that taking it up again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Read(ReadError::Format(_)))
    }

    /// A sentence for people, without what only the log should hold: statements, paths, addresses.
    pub fn for_people(&self) -> String {
        match self {
            Self::Read(ReadError::Io(_)) => {
                "the file could not be read to its end: resume the import, or upload the file again"
                    .to_owned()
            }
            Self::Store(error) if error.is_disk_full() => {
                "the disk of the database is full: free space on it, then resume the import, which goes on where it stopped"
                    .to_owned()
            }
            Self::Store(error) if error.is_unavailable() => {
                "the database could not be reached: the import goes on when it is resumed".to_owned()
            }
            Self::Store(_) | Self::ReaderGone => {
                "something failed on our side; the log of the server tells what. The import can be resumed"
                    .to_owned()
            }
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_no_statement_and_no_path() {
        let io = std::io::Error::other("/srv/data/uploads/imp_1.csv: permission denied");
        for error in [
            ImportError::Store(StoreError::Unavailable("pool worker: host=/run/pg user=shop".to_owned())),
            ImportError::Store(StoreError::inconsistent("product", "catalog::staging::COPY_PRODUCT")),
            ImportError::Read(ReadError::Io(io)),
        ] {
            let told = error.for_people();
            assert!(!told.contains('/') && !told.contains("::") && !told.contains("pool"), "{told}");
        }
        let file = ImportError::Read(ReadError::Format("it has no column `Title`".to_owned()));
        assert_eq!(file.for_people(), "it has no column `Title`");
        assert!(file.is_final() && !file.is_passing());
        assert!(ImportError::Contended.is_passing());
    }
}
