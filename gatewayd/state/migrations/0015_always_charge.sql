-- Whether a charger on solar charges without sun, where its user has chosen that: off, on or once.
ALTER TABLE modes ADD COLUMN always_charge TEXT;
