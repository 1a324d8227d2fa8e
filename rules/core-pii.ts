import type { RulePack } from './pack.ts';
import { accessDetectors } from './core-pii/access.ts';
import { locationDetectors } from './core-pii/location.ts';
import { paymentDetectors } from './core-pii/payment.ts';
import { personDetectors } from './core-pii/person.ts';
import { writingDetectors } from './core-pii/writing.ts';

/** Personal data that any application may hold. Column names in English, German, French, Spanish, Portuguese. */
export const corePii: RulePack = {
  name: 'core-pii',
  description: 'Names, contact, address parts, birth dates, log-ins, secrets, network addresses, writing, pictures, documents.',
  tables: {
    persons: [
      'person', 'people', 'customer', 'client', 'consumer', 'buyer', 'user', 'member', 'employee', 'staff', 'worker', 'contact',
      'patient', 'student', 'pupil', 'teacher', 'actor', 'driver', 'guest', 'subscriber', 'subject', 'owner', 'lead', 'applicant',
      'candidate', 'resident', 'passenger', 'doctor', 'physician', 'donor', 'participant', 'recipient', 'profile', 'account',
      'visitor', 'tenant', 'agent', 'manager', 'player', 'voter', 'citizen', 'beneficiary', 'cardholder', 'dependent', 'relative',
      'kunde', 'kunden', 'mitarbeiter', 'benutzer', 'nutzer', 'anwender', 'mitglied', 'mitglieder', 'personen', 'ansprechpartner',
      'patienten', 'schueler', 'studenten', 'lehrer', 'fahrer', 'gast', 'gaeste', 'abonnent', 'teilnehmer',
      'personne', 'utilisateur', 'employe', 'salarie', 'membre', 'adherent', 'abonne', 'eleve', 'etudiant', 'conducteur',
      'persona', 'cliente', 'usuario', 'empleado', 'miembro', 'contacto', 'paciente', 'alumno', 'estudiante', 'conductor',
      'pessoa', 'utilizador', 'funcionario', 'membro', 'contato', 'aluno', 'estudante', 'motorista', 'colaborador',
    ],
    addresses: ['address', 'addr', 'adresse', 'anschrift', 'direccion', 'endereco', 'domicilio', 'residence'],
    writings: [
      'post', 'comment', 'message', 'review', 'reply', 'answer', 'question', 'ticket', 'feedback', 'note', 'email', 'mail', 'chat',
      'conversation', 'thread', 'remark', 'testimonial', 'complaint', 'inquiry', 'enquiry', 'letter', 'sms',
      'nachricht', 'nachrichten', 'kommentar', 'kommentare', 'bewertung', 'bewertungen', 'beitrag', 'beitraege', 'notiz', 'notizen',
      'commentaire', 'avis', 'reponse', 'comentario', 'mensaje', 'opinion', 'resena', 'mensagem', 'avaliacao', 'resposta',
    ],
    places: [
      'city', 'country', 'state', 'province', 'region', 'district', 'county', 'territory', 'continent', 'zip', 'zipcode', 'zip_code',
      'postcode', 'postal_code', 'location', 'place', 'geoname', 'timezone', 'us_state', 'municipality', 'airport', 'station',
      'stadt', 'staedte', 'ort', 'orte', 'land', 'laender', 'bundesland', 'bundeslaender', 'plz', 'ville', 'pays', 'departement',
      'commune', 'ciudad', 'pais', 'provincia', 'estado', 'municipio', 'cidade',
    ],
  },
  detectors: [...personDetectors, ...accessDetectors, ...locationDetectors, ...paymentDetectors, ...writingDetectors],
};
