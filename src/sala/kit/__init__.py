"""The ground floor: plain tools that know neither Django's models nor the domain."""
