//! Starting a stack's services, one or several of a kind.

use std::sync::Arc;

use anyhow::Result;

use super::Stack;
use super::services::{Kind, Service, Settings};

/// An ingest that waits for a slow disk longer than any provider does: for whoever asks what is kept, and not how soon.
pub const PATIENT: (&str, &str) = ("INGEST_ANSWER_TIMEOUT", "10s");

impl Stack {
    /// Starts one service of each kind.
    ///
    /// # Errors
    /// One of them is not built or does not start.
    pub async fn start_services(&self) -> Result<()> {
        self.start_worker(&[]).await?;
        self.start_ingest(&[]).await?;
        self.start_notifier(&[]).await?;
        Ok(())
    }

    /// Starts an ingest; `more` is added to its environment.
    ///
    /// # Errors
    /// It is not built or does not start.
    pub async fn start_ingest(&self, more: &[(&str, &str)]) -> Result<Arc<Service>> {
        self.start_service(Kind::Ingest, more).await
    }

    /// Starts a worker; `more` is added to its environment.
    ///
    /// # Errors
    /// It is not built or does not start.
    pub async fn start_worker(&self, more: &[(&str, &str)]) -> Result<Arc<Service>> {
        self.start_service(Kind::Worker, more).await
    }

    /// Starts a notifier; `more` is added to its environment.
    ///
    /// # Errors
    /// It is not built or does not start.
    pub async fn start_notifier(&self, more: &[(&str, &str)]) -> Result<Arc<Service>> {
        self.start_service(Kind::Notifier, more).await
    }

    async fn start_service(&self, kind: Kind, more: &[(&str, &str)]) -> Result<Arc<Service>> {
        let number = self.services_of(kind).len();
        let name = match number {
            0 => kind.program().to_owned(),
            _ => format!("{}-{}", kind.program(), number + 1),
        };
        let mut environment = self.environment_of(kind);
        environment.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let settings = Settings {
            kind,
            name: &name,
            folder: &self.options.folder.join("services"),
            lifetime: self.options.lifetime.clone(),
            port: if number == 0 { self.options.ports.of(kind) } else { None },
            binaries: self.options.binaries.as_deref(),
            environment,
        };
        let service = Arc::new(Service::start(&settings).await?);
        self.services().push(Arc::clone(&service));
        Ok(service)
    }

    /// The services of a kind in the order of their first starts, whether they run or not.
    pub fn services_of(&self, kind: Kind) -> Vec<Arc<Service>> {
        self.services().iter().filter(|service| service.kind() == kind).cloned().collect()
    }
}
